//! Warm-up: a made-up request before the first one, because most of a first request is code that nothing has run yet.
//!
//! Architecture invariant: a made-up request needs no token, storage sends nothing for it, and telemetry writes nothing.
//! One scope means all three, so no caller is made up outside of it.

tokio::task_local! {
    static CONNECTIONS: usize;
}

/// Runs a made-up request. `connections` is the number that the first request needs to `DynamoDB` at the same time.
pub(crate) async fn scope<F: Future>(connections: usize, request: F) -> F::Output {
    CONNECTIONS.scope(connections, request).await
}

/// Returns `true` if the current task runs a made-up request.
pub(crate) fn is_active() -> bool {
    CONNECTIONS.try_with(|_| ()).is_ok()
}

/// Returns the number of connections to `DynamoDB`.
pub(crate) fn connections() -> usize {
    CONNECTIONS.try_with(|connections| *connections).unwrap_or_default()
}
