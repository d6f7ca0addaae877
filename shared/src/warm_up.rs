//! Warm-up: a made-up request before the first one, because most of a first request is code that nothing has run yet.
//!
//! Architecture invariant: whoever the made-up caller is, storage sends nothing and telemetry writes nothing for it. One
//! scope says all three, so there is no made-up caller outside of it.

use std::sync::atomic::{AtomicUsize, Ordering};

tokio::task_local! {
    static CONNECTIONS: AtomicUsize;
}

/// Runs a made-up request. `connections` is the number that a first request opens to `DynamoDB` at the same time.
pub(crate) async fn scope<F: Future>(connections: usize, request: F) -> F::Output {
    CONNECTIONS.scope(AtomicUsize::new(connections), request).await
}

/// Returns `true` if the current task runs a made-up request.
pub(crate) fn is_active() -> bool {
    CONNECTIONS.try_with(|_| ()).is_ok()
}

/// Takes the number of connections to open, which is 0 except for the first call.
pub(crate) fn take_connections() -> usize {
    CONNECTIONS.try_with(|connections| connections.swap(0, Ordering::Relaxed)).unwrap_or_default()
}
