//! Operations of the workload.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use fastrand::Rng;
use local::client::RequestBuilder;
use local::requests::PNG;

/// Capacity of a [`Recent`].
const CAPACITY: usize = 64;

/// Request and its expected responses.
pub(super) struct Operation {
    pub(super) function: &'static str,
    pub(super) request: RequestBuilder,
    /// Expected responses, and 404 if there is a `subject`.
    pub(super) responses: &'static [&'static str],
    pub(super) effect: Effect,
    /// Id of the project or file in the path, which may be deleted meanwhile.
    pub(super) subject: Option<String>,
}

/// Effect of a successful response.
pub(super) enum Effect {
    Nothing,
    /// It has resources.
    Read,
    /// It has resources, and the cursor of the next page.
    Page,
    /// It creates a resource, or replays its creation.
    Create(Write),
    /// It changes the subject, if that has this version.
    Change(Option<u64>),
    /// It deletes the subject, if that has this version.
    Delete(Option<u64>),
    /// It permits the upload of a file.
    Begin(Write),
    /// The bytes of the upload with this id are in the bucket.
    Put(Write, String),
}

/// Request that creates a resource.
#[derive(Clone)]
pub(super) struct Write {
    /// Number of the user. Idempotency keys are scoped to a user.
    pub(super) user: usize,
    pub(super) key: Option<String>,
    pub(super) resource: NewResource,
}

/// Resource to create.
#[derive(Clone)]
pub(super) enum NewResource {
    /// Project of this name.
    Project(String),
    /// File of `size` bytes, which are generated from the seed.
    File { project: String, seed: u64, size: usize },
}

impl Operation {
    pub(super) fn new(
        function: &'static str,
        request: RequestBuilder,
        responses: &'static [&'static str],
        effect: Effect,
    ) -> Self {
        Self { function, request, responses, effect, subject: None }
    }

    /// Sets the project or file in the path.
    pub(super) fn on(self, id: &str) -> Self {
        Self { subject: Some(id.to_owned()), ..self }
    }
}

/// Generates the bytes of a file with the magic bytes of an image.
pub(super) fn bytes(seed: u64, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    Rng::with_seed(seed).fill(&mut bytes);
    bytes.splice(..PNG.len().min(size), PNG.iter().copied());
    bytes
}

/// Most recent values, shared by all connections.
pub(super) struct Recent<T>(Mutex<VecDeque<T>>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Recent<T> {
    /// Adds a value. If it is full, drops the oldest.
    pub(super) fn add(&self, value: T) {
        let mut values = self.values();
        if values.len() == CAPACITY {
            values.pop_front();
        }
        values.push_back(value);
    }

    /// Returns the newest value or a random one, if there is any. Connections meet at the newest.
    pub(super) fn choose(&self, rng: &mut Rng) -> Option<T> {
        let values = self.values();
        let random = rng.usize(..values.len().max(1));
        if rng.bool() { values.back() } else { values.get(random) }.cloned()
    }

    fn values(&self) -> std::sync::MutexGuard<'_, VecDeque<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
