//! Transactions: all writes or none, tried again while another one holds the same rows.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, Put, TransactWriteItem};

use super::fault::failed;
use super::item::Item;
use crate::domain::{Error, Result};

/// How often a transaction is tried that met another one, and how long the waits are: 25, 50, 100 and 200 ms.
const TRIES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(25);

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

/// Writes all of `puts`, or nothing.
///
/// # Errors
///
/// [`Error::Unavailable`] if the table can't answer, or other transactions hold the rows for too long.
pub(super) async fn write(client: &Client, puts: Vec<Put>) -> Result<Transaction> {
    let writes: Vec<_> = puts.into_iter().map(|put| TransactWriteItem::builder().put(put).build()).collect();
    let tried = tokio::time::timeout(TIME, tries(client, writes)).await;
    tried.unwrap_or_else(|elapsed| Err(Error::Unavailable(elapsed.into())))
}

async fn tries(client: &Client, writes: Vec<TransactWriteItem>) -> Result<Transaction> {
    for attempt in 0..TRIES {
        let sent = client.transact_write_items().set_transact_items(Some(writes.clone())).send().await;
        let Err(error) = sent else {
            return Ok(Transaction::Done);
        };
        let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = error.as_service_error()
        else {
            return Err(failed(error));
        };
        let reasons = canceled.cancellation_reasons();
        if reasons.iter().any(|reason| is(reason, "ConditionalCheckFailed")) {
            return Ok(Transaction::Refused(reasons.iter().map(refusal).collect()));
        }
        // Only a meeting with another transaction is worth another try; throttling the SDK has already waited out.
        if !reasons.iter().any(|reason| is(reason, "TransactionConflict")) || attempt + 1 == TRIES {
            return Err(failed(error));
        }
        tokio::time::sleep(FIRST_WAIT * 2_u32.pow(attempt)).await;
    }
    Err(Error::Unavailable("the transaction met others at every try".into()))
}

fn is(reason: &CancellationReason, code: &str) -> bool {
    reason.code() == Some(code)
}

fn refusal(reason: &CancellationReason) -> Option<Refusal> {
    is(reason, "ConditionalCheckFailed").then(|| Refusal { row: reason.item().cloned().unwrap_or_default() })
}
