//! Transactions: all writes or none, with retries after conflicts.
//!
//! # Retries
//!
//! The SDK retries single calls, as `storage/aws.rs` says. The loop in `transaction/attempts.rs` is for transactions only.
//! After a conflict (`TransactionConflict`), while an earlier attempt is still in progress, or when a row is throttled, it
//! makes up to four further attempts, 25 to 200 ms apart, each wait give or take a half. All attempts together take up to
//! 5 s. A conflict at every attempt is 409. Throttling at the last one, or the timeout, is 503.
//!
//! # Tokens
//!
//! An attempt whose response was lost may have taken effect, and a later one must not conflict with it. Therefore all
//! attempts of a transaction, the SDK's included, carry one client request token. `DynamoDB` makes the writes of a token
//! once and responds to later attempts as to the first.

mod attempts;

use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};

use self::attempts::{FailedCondition, TransactionOutcome, attempts};
use super::error::timeout_error;
use super::gate::write_permitted;
use super::idempotency::{record, record_key, recorded, unless_recorded};
use super::key::Key;
use super::row::{Item, Row, number, require};
use crate::domain::{Error, IdempotentRequest, Outcome, Result};

/// Timeout for all attempts together: that of one call of the SDK, and a second for conflicts.
const TIMEOUT: Duration = Duration::from_secs(5);

/// State that a row must have for a write.
///
/// ```
/// use shared::storage::Condition;
///
/// /// The condition of a change, from the version in `If-Match`.
/// fn condition(version: Option<u64>) -> Condition {
///     version.map_or(Condition::Exists, Condition::Version)
/// }
///
/// assert_eq!(condition(Some(3)), Condition::Version(3));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The row exists.
    Exists,
    /// The row exists, and its attribute `version` is this number.
    Version(u64),
}

/// Adds a condition, and requests the row if it doesn't hold. The SDK's builders have no common trait.
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

/// Makes the error of a write whose condition does not hold, from the current row, if there is one.
type OnFailure<'t> = Box<dyn FnOnce(Option<Row>) -> Error + Send + 't>;

/// Transaction of at most 100 writes, each of another row. All are made, or none.
///
/// `DynamoDB` recognizes a retry by its token. So a write never conflicts with its own earlier attempt, even if the
/// response of that was lost.
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
///     let row = Row::of(INVOICE).with_text("number", &number);
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
    /// Request, and the index of its record among the writes.
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

/// Outcome of a transaction: committed now, or replayed.
///
/// ```
/// use shared::domain::Outcome;
/// use shared::storage::{Commit, Kind, Row};
///
/// const INVOICE: Kind<1> = Kind::new("INVOICE");
///
/// let commit = Commit::Replayed(Row::of(INVOICE).with_text("number", "INV-7"));
/// let outcome = commit.outcome("INV-8".to_owned(), |row| row.text("number").map(str::to_owned))?;
/// assert_eq!(outcome, Outcome::Replayed("INV-7".to_owned()));
/// # Ok::<(), shared::domain::Error>(())
/// ```
#[derive(Debug)]
pub enum Commit {
    /// All writes were made.
    Committed,
    /// No write was made, because this row was recorded for an earlier, equal request.
    Replayed(Row),
}

impl Commit {
    /// Returns `created` if the writes were made, or the recorded row, converted by `read`.
    ///
    /// # Errors
    ///
    /// Those of `read`.
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

    /// Writes a row that must not exist. If it exists, `taken` makes the error.
    ///
    /// ```no_run
    /// # use shared::domain::{Error, Result};
    /// # use shared::storage::{Condition, Key, Kind, Row, Table};
    /// # const INVOICE: Kind<1> = Kind::new("INVOICE");
    /// # async fn create(table: &Table, key: &Key) -> Result<()> {
    /// let taken = |_| Error::Conflict { field: Some("number"), message: "This number is taken" };
    /// let row = Row::of(INVOICE).with_text("number", "INV-7").with_number("version", 1);
    /// table.transaction().create(key, row, taken).commit().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(self, key: &Key, row: Row, taken: impl FnOnce(Option<Row>) -> Error + Send + 't) -> Self {
        let put = self.put(key, row).condition_expression("attribute_not_exists(pk)");
        self.with_put(key, put, Box::new(taken))
    }

    /// Writes a row, and overwrites an existing one.
    ///
    /// ```no_run
    /// # use shared::domain::{Error, Result};
    /// # use shared::storage::{Key, Kind, Row, Table};
    /// # const SETTINGS: Kind<1> = Kind::new("SETTINGS");
    /// # async fn put(table: &Table, key: &Key) -> Result<()> {
    /// table.transaction().put_any(key, Row::of(SETTINGS).with_text("theme", "dark")).commit().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn put_any(self, key: &Key, row: Row) -> Self {
        let put = self.put(key, row);
        self.with_put(key, put, Box::new(|_| Error::internal("a write without a condition failed one")))
    }

    /// Replaces a row. If the condition does not hold, `failed` makes the error from the current row.
    ///
    /// ```no_run
    /// # use shared::domain::{Error, Result};
    /// # use shared::storage::{Condition, Key, Kind, Row, Table};
    /// # const INVOICE: Kind<1> = Kind::new("INVOICE");
    /// # async fn replace(table: &Table, key: &Key) -> Result<()> {
    /// let stale = |row: Option<Row>| match row.map(|row| row.number("version")) {
    ///     None => Error::NotFound("Invoice"),
    ///     Some(Ok(current)) => Error::VersionMismatch { current },
    ///     Some(Err(error)) => error,
    /// };
    /// let row = Row::of(INVOICE).with_text("number", "INV-7").with_number("version", 4);
    /// table.transaction().replace(key, row, Condition::Version(3), stale).commit().await?;
    /// # Ok(())
    /// # }
    /// ```
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

    /// Deletes a row. If the condition does not hold, `failed` makes the error from the current row.
    ///
    /// ```no_run
    /// # use shared::domain::{Error, Result};
    /// # use shared::storage::{Condition, Key, Row, Table};
    /// # async fn delete(table: &Table, key: &Key) -> Result<()> {
    /// let missing = |_| Error::NotFound("Invoice");
    /// table.transaction().delete(key, Condition::Exists, missing).commit().await?;
    /// # Ok(())
    /// # }
    /// ```
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

    /// Requires a condition of a row that is not written. If it does not hold, `failed` makes the error from the current
    /// row.
    ///
    /// ```no_run
    /// # use shared::domain::{Error, Result};
    /// # use shared::storage::{Condition, Key, Row, Table};
    /// # async fn add_line(table: &Table, invoice: &Key, line: &Key, row: Row) -> Result<()> {
    /// table
    ///     .transaction()
    ///     .require(invoice, Condition::Exists, |_| Error::NotFound("Invoice"))
    ///     .create(line, row, |_| Error::internal("the id of a new line is taken"))
    ///     .commit()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
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

    /// Records a row for equal requests of the next 24 hours. Does nothing without a request.
    ///
    /// ```no_run
    /// # use shared::domain::{Error, IdempotentRequest, Outcome, Result};
    /// # use shared::storage::{Key, Kind, Row, Table};
    /// # const NOTE: Kind<1> = Kind::new("NOTE");
    /// # async fn create(table: &Table, key: &Key, request: Option<&IdempotentRequest>) -> Result<Outcome<String>> {
    /// let row = Row::of(NOTE).with_text("text", "Buy milk");
    /// let taken = |_| Error::internal("the id of a new note is taken");
    /// let commit = table.transaction().create(key, row.clone(), taken).idempotent(request, row).commit();
    /// commit.await?.outcome("Buy milk".to_owned(), |row| row.text("text").map(str::to_owned))
    /// # }
    /// ```
    pub fn idempotent(self, request: Option<&'t IdempotentRequest>, row: Row) -> Self {
        let Some(request) = request else { return self };
        let key = record_key(request);
        let put = unless_recorded(self.put(&key, record(request, row)), request);
        let recorded =
            self.with_put(&key, put, Box::new(|_| Error::internal("an expired record failed the condition")));
        Self { request: Some((request, recorded.writes.len() - 1)), ..recorded }
    }

    fn put(&self, key: &Key, row: Row) -> PutBuilder {
        // The key comes last, so that no attribute can replace it.
        let item = Item::from(row).into_iter().chain(key.item()).collect();
        Put::builder().table_name(self.table).set_item(Some(item))
    }

    fn with_put(self, key: &Key, put: PutBuilder, failed: OnFailure<'t>) -> Self {
        let put =
            put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld).build();
        let write = put.map(|put| TransactWriteItem::builder().put(put).build());
        self.with(key, write.map_err(Error::internal), failed)
    }

    fn with(mut self, key: &Key, write: Result<TransactWriteItem>, failed: OnFailure<'t>) -> Self {
        // DynamoDB would refuse the transaction without naming the row.
        let is_new = !self.keys.contains(key);
        let duplicate =
            || Error::internal(format!("two writes of {} {} in one transaction", key.partition, key.sort));
        self.writes.push(if is_new { write } else { Err(duplicate()) });
        self.keys.push(key.clone());
        self.failures.push(failed);
        self
    }

    /// Makes the writes. If an equal request is recorded, it is replayed, even if conditions do not hold.
    ///
    /// # Errors
    ///
    /// - the error of the first write whose condition does not hold
    /// - [`Error::Unprocessable`] if the request's key was used for another request
    /// - [`Error::Conflict`] after a conflict at every attempt
    /// - [`Error::Unavailable`] if the table is unavailable
    pub async fn commit(self) -> Result<Commit> {
        let writes = self.writes.into_iter().collect::<Result<Vec<_>>>()?;
        write_permitted().await?;
        let attempts = tokio::time::timeout(TIMEOUT, attempts(self.client, &writes)).await;
        let conditions = match attempts.unwrap_or_else(|elapsed| Err(timeout_error(elapsed)))? {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Caller;
    use crate::storage::{Aws, Kind, Table};

    const NOTE: Kind<1> = Kind::new("NOTE");

    /// Table without a server, and a key in it.
    fn table() -> (Table, Key) {
        let table = Table::open(&Aws::for_endpoint("http://127.0.0.1:1"), "notes".to_owned());
        let caller = Caller::new("alice".parse().unwrap(), vec!["acme".parse().unwrap()]);
        (table, Key::new(&caller.authorize_org("acme").unwrap(), NOTE, [&7]))
    }

    #[test]
    fn attributes_can_not_replace_the_key() {
        let (table, key) = table();
        let hostile = Row::of(NOTE).with_text("pk", "ORG#umbrella#NOTE").with_text("sk", "8");
        let put = table.transaction().put(&key, hostile).build().unwrap();
        let item = put.item().clone();
        assert!(key.item().into_iter().all(|(name, value)| item.get(&name) == Some(&value)), "{item:?}");
        assert_eq!(Row::from(item), Row::of(NOTE));
    }

    #[tokio::test]
    async fn two_writes_of_one_row_are_a_defect() {
        let (table, key) = table();
        let twice =
            table.transaction().put_any(&key, Row::of(NOTE)).put_any(&key, Row::of(NOTE)).commit().await;
        assert!(matches!(twice, Err(Error::Internal(cause)) if cause.to_string().contains("ORG#acme#NOTE")));
    }
}
