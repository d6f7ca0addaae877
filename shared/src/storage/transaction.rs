//! Transactions: all writes or none, tried again while another one holds the same rows.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException;
use aws_sdk_dynamodb::types::{CancellationReason, Put, TransactWriteItem};

use super::fault::{busy, failed};
use super::item::{Item, read_text};
use crate::domain::{Error, Result};

/// The waits in milliseconds before a transaction is tried again, give or take a half, so that those that met part ways.
const WAITS: [f64; 4] = [25.0, 50.0, 100.0, 200.0];

/// How long all tries may take together: what the SDK gives one call, and a little for meeting others.
const TIME: Duration = Duration::from_secs(5);

/// What came of a transaction.
pub(super) enum Transaction {
    /// All was written.
    Done,
    /// Nothing was written, as conditions did not hold: for each write the row in its way, if there is one.
    Refused(Vec<Option<Refusal>>),
}

/// A condition that did not hold.
pub(super) struct Refusal {
    /// The row as it is, where the write asked for it.
    pub(super) row: Item,
}

/// Whether the row with this id, which is given to one request only, is in its own way: then an earlier try of the same
/// request took effect, and its answer was lost.
pub(super) fn took_effect(refusals: &[Option<Refusal>], id: &impl ToString) -> bool {
    let id = id.to_string();
    refusals.iter().flatten().any(|refusal| read_text(&refusal.row, "id") == Some(&id))
}

/// A try of a transaction.
enum Try {
    /// There is no point in another one.
    Over(Transaction),
    /// Another one may succeed; this is what went wrong.
    Again(Error),
}

/// Writes all of `puts`, or nothing.
///
/// # Errors
///
/// [`Error::Conflict`] if other transactions hold the rows for too long; otherwise if the table can't answer.
pub(super) async fn write(client: &Client, puts: Vec<Put>) -> Result<Transaction> {
    let writes: Vec<_> = puts.into_iter().map(|put| TransactWriteItem::builder().put(put).build()).collect();
    let tried = tokio::time::timeout(TIME, tries(client, &writes)).await;
    tried.unwrap_or_else(|elapsed| Err(Error::Unavailable(elapsed.into())))
}

async fn tries(client: &Client, writes: &[TransactWriteItem]) -> Result<Transaction> {
    for wait in WAITS {
        if let Try::Over(transaction) = once(client, writes).await? {
            return Ok(transaction);
        }
        tokio::time::sleep(Duration::from_secs_f64(wait / 1000.0 * (0.5 + fastrand::f64()))).await;
    }
    match once(client, writes).await? {
        Try::Over(transaction) => Ok(transaction),
        Try::Again(error) => Err(error),
    }
}

async fn once(client: &Client, writes: &[TransactWriteItem]) -> Result<Try> {
    let sent = client.transact_write_items().set_transact_items(Some(writes.to_vec())).send().await;
    let Err(error) = sent else { return Ok(Try::Over(Transaction::Done)) };
    let Some(TransactionCanceledException(canceled)) = error.as_service_error() else {
        return Err(failed(error));
    };
    let reasons = canceled.cancellation_reasons();
    let any = |codes: &[&str]| reasons.iter().any(|reason| codes.iter().any(|code| is(reason, code)));
    // A row that another transaction holds may yet come to answer for a condition that failed beside it.
    if any(&["TransactionConflict"]) {
        return Ok(Try::Again(busy()));
    }
    if any(&["ConditionalCheckFailed"]) {
        return Ok(Try::Over(Transaction::Refused(reasons.iter().map(refusal).collect())));
    }
    match any(&["ThrottlingError", "ProvisionedThroughputExceeded"]) {
        true => Ok(Try::Again(Error::Unavailable(error.into()))),
        false if any(&["ValidationError"]) => Err(Error::internal(error)),
        false => Err(failed(error)),
    }
}

fn is(reason: &CancellationReason, code: &str) -> bool {
    reason.code() == Some(code)
}

fn refusal(reason: &CancellationReason) -> Option<Refusal> {
    is(reason, "ConditionalCheckFailed").then(|| Refusal { row: reason.item().cloned().unwrap_or_default() })
}
