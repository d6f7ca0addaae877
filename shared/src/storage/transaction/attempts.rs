//! Attempts of a transaction, until one is final.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::{
    TransactionCanceledException, TransactionInProgressException,
};
use aws_sdk_dynamodb::types::{CancellationReason, TransactWriteItem};
use uuid::{NoContext, Uuid};

use crate::domain::{Error, Result};
use crate::storage::error::{defect_error, sdk_error};
use crate::storage::row::Row;

/// Backoff in milliseconds before each retry, give or take a half, so that conflicting transactions don't meet again.
const BACKOFF_MS: [f64; 4] = [25.0, 50.0, 100.0, 200.0];

/// Outcome of a transaction.
pub(super) enum TransactionOutcome {
    /// All writes were made.
    Committed,
    /// No write was made, because conditions did not hold. There is an entry for each write.
    Canceled(Vec<Option<FailedCondition>>),
}

/// Condition that did not hold, with the current row, if there is one.
pub(super) struct FailedCondition(pub(super) Option<Row>);

/// Outcome of one attempt.
enum Attempt {
    /// It is final.
    Done(TransactionOutcome),
    /// It failed with this error, and a retry may succeed.
    Retry(Error),
}

pub(super) async fn attempts(client: &Client, writes: &[TransactWriteItem]) -> Result<TransactionOutcome> {
    // All attempts have the same token. DynamoDB makes its writes once and responds to each attempt alike.
    let token = Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, 0, 0)).to_string();
    for wait in BACKOFF_MS {
        if let Attempt::Done(outcome) = attempt(client, writes, &token).await? {
            return Ok(outcome);
        }
        tokio::time::sleep(Duration::from_secs_f64(wait / 1000.0 * (0.5 + fastrand::f64()))).await;
    }
    match attempt(client, writes, &token).await? {
        Attempt::Done(outcome) => Ok(outcome),
        Attempt::Retry(error) => Err(error),
    }
}

async fn attempt(client: &Client, writes: &[TransactWriteItem], token: &str) -> Result<Attempt> {
    let request = client.transact_write_items().set_transact_items(Some(writes.to_vec()));
    let Err(error) = request.client_request_token(token).send().await else {
        return Ok(Attempt::Done(TransactionOutcome::Committed));
    };
    let canceled = match error.as_service_error() {
        Some(TransactionCanceledException(canceled)) => canceled,
        // An attempt that timed out is still in progress.
        Some(TransactionInProgressException(_)) => return Ok(Attempt::Retry(Error::CONTENDED)),
        _ => return Err(sdk_error(error)),
    };
    let reasons = canceled.cancellation_reasons();
    let any = |codes: &[&str]| reasons.iter().any(|reason| codes.iter().any(|code| is(reason, code)));
    // The other transaction may write the record of this request, so its conflict comes before failed conditions.
    if any(&["TransactionConflict"]) {
        return Ok(Attempt::Retry(Error::CONTENDED));
    }
    if any(&["ConditionalCheckFailed"]) {
        return Ok(Attempt::Done(TransactionOutcome::Canceled(reasons.iter().map(failed).collect())));
    }
    match any(&["ThrottlingError", "ProvisionedThroughputExceeded"]) {
        true => Ok(Attempt::Retry(sdk_error(error))),
        false if any(&["ValidationError"]) => Err(defect_error(error)),
        false => Err(sdk_error(error)),
    }
}

fn is(reason: &CancellationReason, code: &str) -> bool {
    reason.code() == Some(code)
}

fn failed(reason: &CancellationReason) -> Option<FailedCondition> {
    is(reason, "ConditionalCheckFailed").then(|| FailedCondition(reason.item().cloned().map(Row::from)))
}
