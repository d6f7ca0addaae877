//! Transactions: all writes or none, retried while another transaction holds the same rows.
//!
//! # Retries
//!
//! The SDK retries single calls, as `storage/aws.rs` says. The loop in this module is for transactions only. After a
//! conflict (`TransactionConflict`), while an earlier attempt is still in progress, or when a row is throttled,
//! it makes up to four further attempts, 25 to 200 ms apart, each wait give or take a half. All attempts together take up
//! to 5 s. A conflict at every attempt is 409. Throttling at the last one, or the timeout, is 503.
//!
//! # Tokens
//!
//! An attempt whose response was lost may have taken effect, and a later one must not conflict with it. Therefore all
//! attempts of a transaction, the SDK's included, carry one client request token. `DynamoDB` makes the writes of a token
//! once and responds to later attempts as to the first.

use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::{
    TransactionCanceledException, TransactionInProgressException,
};
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{
    CancellationReason, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use uuid::{NoContext, Uuid};

use super::error::{contention, sdk_error};
use super::idempotency::{record, record_key, recorded, unless_recorded};
use super::key::Key;
use super::row::{Row, number, require};
use crate::domain::{Error, IdempotentRequest, Outcome, Result};

/// The waits in milliseconds before a transaction is tried again, give or take a half, so that those that met part ways.
const BACKOFF_MS: [f64; 4] = [25.0, 50.0, 100.0, 200.0];

/// The time for all attempts together: that of one call of the SDK, and a little for meeting others.
const TIMEOUT: Duration = Duration::from_secs(5);

/// State that a row must have for a write to take place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// There is such a row.
    Exists,
    /// There is such a row, and the number in its attribute `version` is this one.
    Version(u64),
}

/// Adds a condition, and asks for the row as it is where that doesn't hold. The builders of the SDK have no trait in common.
macro_rules! conditional {
    ($builder:expr, $condition:expr) => {{
        let builder = $builder
            .condition_expression($condition.expression())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match $condition {
            Condition::Exists => builder,
            Condition::Version(version) => builder.expression_attribute_values(":version", number(version)),
        }
    }};
}

/// Error of a write whose condition does not hold, made of the row as it is, if there is one.
type OnFailure<'t> = Box<dyn FnOnce(Option<Row>) -> Error + Send + 't>;

/// Writes that are made all together, or not at all: at most 100, each of another row.
///
/// An attempt whose response was lost is recognized when it is made again, by `DynamoDB`'s own token: no write can meet
/// itself as another's, whether it creates, replaces or deletes.
///
/// ```
/// use shared::domain::{Error, IdempotentRequest, OrgScope, Outcome, Result};
/// use shared::storage::{Condition, Key, Kind, Row, Table};
///
/// const ACCOUNT: Kind<1> = Kind::new("ACCOUNT");
/// const INVOICE: Kind<1> = Kind::new("INVOICE");
/// const TAKEN: Error = Error::Conflict { field: Some("number"), message: "This number is taken" };
///
/// async fn create(
///     table: &Table,
///     scope: &OrgScope,
///     number: String,
///     request: Option<&IdempotentRequest>,
/// ) -> Result<Outcome<String>> {
///     let row = Row::new().with_text("number", &number);
///     let invoice = Key::new(scope, INVOICE, [&number]);
///     let commit = table
///         .transaction()
///         .require(&Key::new(scope, ACCOUNT, [&"main"]), Condition::Exists, |_| Error::NotFound("Account"))
///         .create(&invoice, row.clone(), |_| TAKEN)
///         .idempotent(request, row)
///         .commit()
///         .await?;
///     commit.outcome(number, |row| row.text("number").map(str::to_owned))
/// }
/// ```
#[must_use = "nothing is written before `commit`"]
pub struct Transaction<'t> {
    client: &'t Client,
    table: &'t str,
    keys: Vec<Key>,
    writes: Vec<Result<TransactWriteItem>>,
    failures: Vec<OnFailure<'t>>,
    /// The request and the place of its record among the writes.
    request: Option<(&'t IdempotentRequest, usize)>,
}

impl fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("table", &self.table)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

/// Result of a transaction whose conditions held, or that had been made before.
#[derive(Debug)]
pub enum Commit {
    /// All was written.
    Committed,
    /// Nothing was written, because an equal request was answered with this row before.
    Replayed(Row),
}

impl Commit {
    /// Returns `created` for what was written, and what `read` makes of the row for what had been before.
    ///
    /// # Errors
    ///
    /// What `read` returns.
    pub fn outcome<T>(self, created: T, read: impl FnOnce(&Row) -> Result<T>) -> Result<Outcome<T>> {
        match self {
            Self::Committed => Ok(Outcome::Created(created)),
            Self::Replayed(row) => read(&row).map(Outcome::Replayed),
        }
    }
}

impl<'t> Transaction<'t> {
    pub(super) fn new(client: &'t Client, table: &'t str) -> Self {
        Self { client, table, keys: Vec::new(), writes: Vec::new(), failures: Vec::new(), request: None }
    }

    /// Writes a row that must not be there yet; `taken` is the error if it is.
    pub fn create(self, key: &Key, row: Row, taken: impl FnOnce(Option<Row>) -> Error + Send + 't) -> Self {
        let put = self.put(key, row).condition_expression("attribute_not_exists(pk)");
        self.with_put(key, put, Box::new(taken))
    }

    /// Writes a row, whether or not there is one.
    pub fn put_any(self, key: &Key, row: Row) -> Self {
        let put = self.put(key, row);
        self.with_put(key, put, Box::new(|_| Error::internal("a write without a condition failed one")))
    }

    /// Writes a row in place of the one that is there; `failed` is the error if that isn't as the condition asks for.
    pub fn replace(
        self,
        key: &Key,
        row: Row,
        condition: Condition,
        failed: impl FnOnce(Option<Row>) -> Error + Send + 't,
    ) -> Self {
        let put = conditional!(self.put(key, row), condition);
        self.with_put(key, put, Box::new(failed))
    }

    /// Deletes a row; `failed` is the error if it isn't as the condition asks for.
    pub fn delete(
        self,
        key: &Key,
        condition: Condition,
        failed: impl FnOnce(Option<Row>) -> Error + Send + 't,
    ) -> Self {
        let delete = Delete::builder().table_name(self.table).set_key(Some(key.item()));
        let write = conditional!(delete, condition)
            .build()
            .map(|delete| TransactWriteItem::builder().delete(delete).build());
        self.with(key, write.map_err(Error::internal), Box::new(failed))
    }

    /// Asks for a row that another write depends on, and leaves it as it is; `failed` is the error if it isn't as the
    /// condition asks for.
    pub fn require(
        self,
        key: &Key,
        condition: Condition,
        failed: impl FnOnce(Option<Row>) -> Error + Send + 't,
    ) -> Self {
        let check = ConditionCheck::builder().table_name(self.table).set_key(Some(key.item()));
        let write = conditional!(check, condition)
            .build()
            .map(|check| TransactWriteItem::builder().condition_check(check).build());
        self.with(key, write.map_err(Error::internal), Box::new(failed))
    }

    /// Records the row that an equal request is answered with for the next 24 hours. Does nothing without a request.
    pub fn idempotent(self, request: Option<&'t IdempotentRequest>, row: Row) -> Self {
        let Some(request) = request else { return self };
        let key = record_key(request);
        let put = unless_recorded(self.put(&key, record(request, row)), request);
        let recorded = self.with_put(
            &key,
            put,
            Box::new(|_| Error::internal("a record that stands in the way is expired")),
        );
        Self { request: Some((request, recorded.writes.len() - 1)), ..recorded }
    }

    fn put(&self, key: &Key, row: Row) -> PutBuilder {
        // The key comes last, so that no attribute can take its place.
        let item = row.0.into_iter().chain(key.item()).collect();
        Put::builder().table_name(self.table).set_item(Some(item))
    }

    fn with_put(self, key: &Key, put: PutBuilder, failed: OnFailure<'t>) -> Self {
        let put =
            put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld).build();
        let write = put.map(|put| TransactWriteItem::builder().put(put).build());
        self.with(key, write.map_err(Error::internal), failed)
    }

    fn with(mut self, key: &Key, write: Result<TransactWriteItem>, failed: OnFailure<'t>) -> Self {
        // DynamoDB refuses the whole transaction for a reason that names no row.
        let is_new = !self.keys.contains(key);
        let doubled = || Error::internal(format!("two writes of {} in one transaction", key.sort));
        self.writes.push(if is_new { write } else { Err(doubled()) });
        self.keys.push(key.clone());
        self.failures.push(failed);
        self
    }

    /// Makes the writes. A request that was answered before takes precedence over conditions that do not hold.
    ///
    /// # Errors
    ///
    /// The error of the first write whose condition does not hold. [`Error::Unprocessable`] if the request's key was used
    /// for another request. [`Error::Conflict`] if other transactions hold the rows for too long.
    /// [`Error::Unavailable`] if the table can't answer.
    pub async fn commit(self) -> Result<Commit> {
        let writes = self.writes.into_iter().collect::<Result<Vec<_>>>()?;
        let attempts = tokio::time::timeout(TIMEOUT, attempts(self.client, &writes)).await;
        let conditions = match attempts.unwrap_or_else(|elapsed| Err(Error::Unavailable(elapsed.into())))? {
            TransactionOutcome::Committed => return Ok(Commit::Committed),
            TransactionOutcome::Canceled(conditions) => conditions,
        };
        if let Some((request, at)) = self.request
            && let Some(Some(FailedCondition(Some(record)))) = conditions.get(at)
            && let Some(row) = recorded(request, record)?
        {
            return Ok(Commit::Replayed(row));
        }
        let mut failures = conditions.into_iter().zip(self.failures);
        let first = failures.find_map(|(condition, failed)| Some((condition?, failed)));
        let (FailedCondition(row), failed) = require(first, "reason for the cancellation")?;
        Err(failed(row))
    }
}

impl Condition {
    fn expression(self) -> &'static str {
        match self {
            Self::Exists => "attribute_exists(pk)",
            Self::Version(_) => "version = :version",
        }
    }
}

/// Result of a transaction.
enum TransactionOutcome {
    /// All was written.
    Committed,
    /// Nothing was written, because conditions did not hold: an entry for each write.
    Canceled(Vec<Option<FailedCondition>>),
}

/// Condition that did not hold, with the row as it is, if there is one.
struct FailedCondition(Option<Row>);

/// Result of one attempt.
enum Attempt {
    /// There is no point in another one.
    Done(TransactionOutcome),
    /// Another one may succeed; this is what went wrong.
    Retry(Error),
}

async fn attempts(client: &Client, writes: &[TransactWriteItem]) -> Result<TransactionOutcome> {
    // The same for all attempts: DynamoDB makes the writes of one token once, and answers later attempts alike.
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
        // An attempt that was given up is still under way.
        Some(TransactionInProgressException(_)) => return Ok(Attempt::Retry(contention())),
        _ => return Err(sdk_error(error)),
    };
    let reasons = canceled.cancellation_reasons();
    let any = |codes: &[&str]| reasons.iter().any(|reason| codes.iter().any(|code| is(reason, code)));
    // A row that another transaction holds may yet come to answer for a condition that failed beside it.
    if any(&["TransactionConflict"]) {
        return Ok(Attempt::Retry(contention()));
    }
    if any(&["ConditionalCheckFailed"]) {
        return Ok(Attempt::Done(TransactionOutcome::Canceled(reasons.iter().map(failed).collect())));
    }
    match any(&["ThrottlingError", "ProvisionedThroughputExceeded"]) {
        true => Ok(Attempt::Retry(Error::Unavailable(error.into()))),
        false if any(&["ValidationError"]) => Err(Error::internal(error)),
        false => Err(sdk_error(error)),
    }
}

fn is(reason: &CancellationReason, code: &str) -> bool {
    reason.code() == Some(code)
}

fn failed(reason: &CancellationReason) -> Option<FailedCondition> {
    is(reason, "ConditionalCheckFailed").then(|| FailedCondition(reason.item().cloned().map(Row::from)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Caller;
    use crate::storage::{Aws, Kind, Table};

    const NOTE: Kind<1> = Kind::new("NOTE");

    /// A table that can't be called, and a key in it.
    fn table() -> (Table, Key) {
        let table = Table::open(&Aws::for_endpoint("http://127.0.0.1:1"), "notes".to_owned());
        let caller = Caller::new("alice".parse().unwrap(), vec!["acme".parse().unwrap()]);
        (table, Key::new(&caller.authorize_org("acme").unwrap(), NOTE, [&7]))
    }

    #[test]
    fn no_attribute_takes_the_place_of_the_key() {
        let (table, key) = table();
        let hostile = Row::new().with_text("pk", "ORG#umbrella").with_text("sk", "NOTE#8");
        let put = table.transaction().put(&key, hostile).build().unwrap();
        assert_eq!(put.item(), &key.item());
        assert_eq!(Row::from(key.item()), Row::new());
    }

    #[tokio::test]
    async fn two_writes_of_one_row_are_a_defect() {
        let (table, key) = table();
        let twice = table.transaction().put_any(&key, Row::new()).put_any(&key, Row::new()).commit().await;
        assert!(matches!(twice, Err(Error::Internal(cause)) if cause.to_string().contains("NOTE#7")));
    }
}
