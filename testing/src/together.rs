//! Requests and cases that are under way at the same time. What must stay out: what they are.

use anyhow::{Context, Result};
use futures_util::{TryStreamExt, stream};
use local::client::{Answer, Draft};

/// Sends all requests at once, and gives the answers in the order of the requests.
///
/// # Errors
/// When one of them has no answer.
pub async fn at_once(drafts: impl IntoIterator<Item = Draft>) -> Result<Vec<Answer>> {
    let tasks: Vec<_> = drafts.into_iter().map(|draft| tokio::spawn(draft.send())).collect();
    let mut answers = Vec::with_capacity(tasks.len());
    for task in tasks {
        answers.push(task.await.context("a request was interrupted")??);
    }
    Ok(answers)
}

/// Works through all `cases`, up to `limit` of them at a time.
///
/// # Errors
/// The first failure, which ends the others.
pub async fn side_by_side<C>(
    limit: usize,
    cases: impl IntoIterator<Item = C>,
    work: impl AsyncFn(C) -> Result<()>,
) -> Result<()> {
    let (cases, work) = (stream::iter(cases.into_iter().map(Ok)), &work);
    cases.try_for_each_concurrent(limit, |case| work(case)).await
}
