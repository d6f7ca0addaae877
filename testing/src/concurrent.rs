//! Concurrent requests and cases.

use anyhow::{Context, Result};
use futures_util::{TryStreamExt, stream};
use local::client::{RequestBuilder, Response};

/// Sends all requests concurrently. Returns the responses in the order of the requests.
///
/// # Errors
/// One of them has no response.
pub async fn send_concurrently(requests: impl IntoIterator<Item = RequestBuilder>) -> Result<Vec<Response>> {
    let tasks: Vec<_> = requests.into_iter().map(|request| tokio::spawn(request.send())).collect();
    let mut responses = Vec::with_capacity(tasks.len());
    for task in tasks {
        responses.push(task.await.context("a request was interrupted")??);
    }
    Ok(responses)
}

/// Runs `work` for all `cases`, up to `limit` of them concurrently.
///
/// # Errors
/// The first failure, which cancels the others.
pub async fn for_each_concurrent<C>(
    limit: usize,
    cases: impl IntoIterator<Item = C>,
    work: impl AsyncFn(C) -> Result<()>,
) -> Result<()> {
    let (cases, work) = (stream::iter(cases.into_iter().map(Ok)), &work);
    cases.try_for_each_concurrent(limit, |case| work(case)).await
}
