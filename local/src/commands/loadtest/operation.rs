//! What a request of the load is. What must stay out: which one comes next.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use fastrand::Rng;
use local::client::RequestBuilder;
use local::requests::PNG;

/// How many things are remembered of each kind.
const REMEMBERED: usize = 64;

/// A request, and what may be answered.
pub(super) struct Operation {
    pub(super) function: &'static str,
    pub(super) request: RequestBuilder,
    pub(super) responses: &'static [&'static str],
    pub(super) effect: Effect,
}

/// What an answer is good for.
pub(super) enum Effect {
    /// It changes nothing.
    Nothing,
    /// It says where the next page begins.
    Page,
    /// It made something, or says that it was made before.
    Made(Write),
}

/// A request that makes something.
#[derive(Clone)]
pub(super) struct Write {
    /// The number of who asks; keys are theirs alone.
    pub(super) user: usize,
    pub(super) key: Option<String>,
    pub(super) what: What,
}

/// What is made.
#[derive(Clone)]
pub(super) enum What {
    /// A project of this name.
    Project(String),
    /// A file of so many bytes, which follow from the seed.
    File { seed: u64, size: usize },
}

/// An image, as far as its first bytes say.
pub(super) fn bytes(seed: u64, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    Rng::with_seed(seed).fill(&mut bytes);
    bytes.splice(..PNG.len().min(size), PNG.iter().copied());
    bytes
}

/// The newest things that any connection wants to come back to.
pub(super) struct Recent<T>(Mutex<VecDeque<T>>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Recent<T> {
    /// Adds one, and forgets the oldest for it.
    pub(super) fn add(&self, value: T) {
        let mut values = self.values();
        if values.len() == REMEMBERED {
            values.pop_front();
        }
        values.push_back(value);
    }

    /// One of them, if there is any.
    pub(super) fn any(&self, rng: &mut Rng) -> Option<T> {
        let values = self.values();
        values.get(rng.usize(..values.len().max(1))).cloned()
    }

    fn values(&self) -> std::sync::MutexGuard<'_, VecDeque<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
