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
    pub(super) responses: &'static [&'static str],
    pub(super) effect: Effect,
}

/// Effect of a successful response.
pub(super) enum Effect {
    Nothing,
    /// It has the cursor of the next page.
    Page,
    /// It creates a resource, or replays its creation.
    Create(Write),
}

/// Request that creates a resource.
#[derive(Clone)]
pub(super) struct Write {
    /// Number of the user. Idempotency keys are scoped to a user.
    pub(super) user: usize,
    pub(super) key: Option<String>,
    pub(super) resource: Resource,
}

/// Resource to create.
#[derive(Clone)]
pub(super) enum Resource {
    /// Project of this name.
    Project(String),
    /// File of `size` bytes, which are generated from the seed.
    File { seed: u64, size: usize },
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

    /// Returns a random value, if there is any.
    pub(super) fn choose(&self, rng: &mut Rng) -> Option<T> {
        let values = self.values();
        values.get(rng.usize(..values.len().max(1))).cloned()
    }

    fn values(&self) -> std::sync::MutexGuard<'_, VecDeque<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
