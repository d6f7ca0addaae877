//! Table of rows in the partitions of organizations and users.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use futures_util::future::try_join_all;

use super::aws::Aws;
use super::error::sdk_error;
use super::gate::write_permitted;
use super::idempotency::{record_key, recorded};
use super::key::{Key, List};
use super::pages::{PageReader, StoredPage};
use super::row::{Item, Row, text};
use super::transaction::Transaction;
use crate::domain::{Cursor, Error, IdempotentRequest, Page, PageRequest, Result};
use crate::telemetry::{Metric, count};

/// Maximum number of writes in a batch.
const BATCH: usize = 25;

/// Rows that are deleted at a time.
const MAX_KEYS: i32 = 100;

/// Backoff after throttling.
const BACKOFF: Duration = Duration::from_millis(200);

/// Outcome of a batch of writes.
#[derive(PartialEq, Eq)]
enum Batch {
    /// All writes were made.
    Done,
    /// Some writes were not made.
    Throttled,
}

/// Table with the primary key `pk` (partition) and `sk` (sort key), both texts.
///
/// ```
/// use shared::domain::{Error, OrgScope, Page, PageRequest, Result};
/// use shared::storage::{Key, Kind, List, Table};
///
/// const INVOICE: Kind<1> = Kind::new("INVOICE");
///
/// struct Invoices(Table);
///
/// impl Invoices {
///     async fn get(&self, scope: &OrgScope, id: &str) -> Result<String> {
///         let row = self.0.get(&Key::new(scope, INVOICE, [&id])).await?;
///         row.ok_or(Error::NotFound("Invoice"))?.text("number").map(str::to_owned)
///     }
///
///     async fn list(&self, scope: &OrgScope, page: &PageRequest) -> Result<Page<String>> {
///         let list = List::new(scope, INVOICE, []);
///         self.0.page(&list, page, |row| row.text("number").map(str::to_owned)).await
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Table {
    client: Client,
    name: String,
}

impl Table {
    /// Opens the table of this name. No connection is made yet.
    #[must_use]
    pub fn open(aws: &Aws, name: String) -> Self {
        Self { client: aws.dynamodb(), name }
    }

    /// Returns the name of the table, for calls that `Table` doesn't make. [`Aws::dynamodb`] has the client.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads one row, strongly consistent.
    ///
    /// ```no_run
    /// # use shared::domain::{Error, OrgScope, Result};
    /// # use shared::storage::{Key, Kind, Table};
    /// # const NOTE: Kind<1> = Kind::new("NOTE");
    /// async fn text(table: &Table, scope: &OrgScope, id: &str) -> Result<String> {
    ///     let row = table.get(&Key::new(scope, NOTE, [&id])).await?;
    ///     row.ok_or(Error::NotFound("Note"))?.text("text").map(str::to_owned)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unavailable`](crate::domain::Error::Unavailable) if the table is unavailable.
    pub async fn get(&self, key: &Key) -> Result<Option<Row>> {
        let request = self.client.get_item().table_name(&self.name).set_key(Some(key.item()));
        let output = request.consistent_read(true).send().await.map_err(sdk_error)?;
        Ok(output.item.map(Into::into))
    }

    /// Reads a page of a list, strongly consistent, in descending order of the keys. If ids sort by time, the newest comes
    /// first. `read` converts each row. A row that it can't read ([`Internal`](crate::domain::Error::Internal)) is skipped
    /// and logged with its key.
    ///
    /// ```no_run
    /// # use shared::domain::{OrgScope, Page, PageRequest, Result};
    /// # use shared::storage::{Kind, List, Table};
    /// # const NOTE: Kind<1> = Kind::new("NOTE");
    /// async fn texts(table: &Table, scope: &OrgScope, page: &PageRequest) -> Result<Page<String>> {
    ///     let notes = List::new(scope, NOTE, []);
    ///     table.page(&notes, page, |row| row.text("text").map(str::to_owned)).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Invalid`](crate::domain::Error::Invalid) for a cursor of another list; otherwise those of [`Table::get`] and of
    /// `read`.
    pub async fn page<T>(
        &self,
        list: &List,
        page: &PageRequest,
        read: impl Fn(&Row) -> Result<T>,
    ) -> Result<Page<T>> {
        let partition = &list.partition;
        let after = page.after(partition, |place| list.key(place))?;
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(partition))
            .set_exclusive_start_key(after.map(|key| key.item()))
            .scan_index_forward(false)
            .consistent_read(true)
            // One more than requested, to know if there is a next page.
            .limit(i32::from(page.limit()) + 1);
        let reader = PageReader::new();
        let output = query.customize().interceptor(reader.clone()).send().await.map_err(sdk_error)?;
        let StoredPage { mut rows, has_more } = reader.page(output);
        let limit = usize::from(page.limit());
        let has_more = has_more || rows.len() > limit;
        rows.truncate(limit);
        let place = rows.last().map(|(place, _)| place).filter(|place| has_more && !place.is_empty());
        let next_cursor = place.map(|place| Cursor::new(partition, place));
        let items = rows.iter().filter_map(|row| readable(partition, row, &read)).collect::<Result<_>>()?;
        Ok(Page { items, next_cursor })
    }

    /// Deletes a row, if it exists. For rows that no caller can reach any more; otherwise use a
    /// [transaction](Table::transaction), whose condition tells if the row existed.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](crate::domain::Error::Unavailable) if the table is unavailable.
    pub async fn delete(&self, key: &Key) -> Result<()> {
        write_permitted().await?;
        let delete = self.client.delete_item().table_name(&self.name).set_key(Some(key.item()));
        delete.send().await.map(drop).map_err(sdk_error)
    }

    /// Deletes all rows of a list, 100 at a time. After an error, some are left; a repetition deletes those.
    ///
    /// ```no_run
    /// # use shared::domain::{Result, Scope};
    /// # use shared::storage::{Kind, List, Table};
    /// # const LINE: Kind<2> = Kind::new("LINE");
    /// async fn clear(table: &Table, scope: &impl Scope, invoice: &str) -> Result<()> {
    ///     table.delete_list(&List::new(scope, LINE, [&invoice])).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unavailable`](crate::domain::Error::Unavailable) if the table is unavailable.
    pub async fn delete_list(&self, list: &List) -> Result<()> {
        write_permitted().await?;
        loop {
            let keys = self.first_keys(list).await?;
            if keys.is_empty() {
                return Ok(());
            }
            let batches = keys.chunks(BATCH).map(|keys| self.delete_batch(keys));
            // Rows that DynamoDB leaves because it throttles are found again.
            if try_join_all(batches).await?.contains(&Batch::Throttled) {
                tokio::time::sleep(BACKOFF).await;
            }
        }
    }

    /// Reads the keys of a list's first rows.
    async fn first_keys(&self, list: &List) -> Result<Vec<Item>> {
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(&list.partition))
            .projection_expression("pk, sk")
            .consistent_read(true)
            .limit(MAX_KEYS);
        Ok(query.send().await.map_err(sdk_error)?.items.unwrap_or_default())
    }

    async fn delete_batch(&self, keys: &[Item]) -> Result<Batch> {
        let delete = |key: &Item| {
            let delete = DeleteRequest::builder().set_key(Some(key.clone())).build();
            delete.map(|delete| WriteRequest::builder().delete_request(delete).build())
        };
        let writes = keys.iter().map(delete).collect::<Result<_, _>>().map_err(Error::internal)?;
        let output = self.client.batch_write_item().request_items(&self.name, writes).send().await;
        let left = output.map_err(sdk_error)?.unprocessed_items.unwrap_or_default();
        if left.is_empty() {
            return Ok(Batch::Done);
        }
        count(Metric::ThrottledCalls);
        Ok(Batch::Throttled)
    }

    /// Reads the row recorded for an earlier, equal request of the last 24 hours. Returns `None` without a request.
    ///
    /// A route with `If-Match` calls it after it has read the row and before it checks the version, because an equal
    /// request that took effect in between has changed the version.
    ///
    /// ```no_run
    /// # use shared::domain::{IdempotentRequest, Result};
    /// # use shared::storage::Table;
    /// async fn earlier(table: &Table, request: Option<&IdempotentRequest>) -> Result<Option<String>> {
    ///     let row = table.replayed(request).await?;
    ///     row.map(|row| row.text("text").map(str::to_owned)).transpose()
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unprocessable`](crate::domain::Error::Unprocessable) if the key was used for another request; otherwise those of
    /// [`Table::get`].
    pub async fn replayed(&self, request: Option<&IdempotentRequest>) -> Result<Option<Row>> {
        let Some(request) = request else { return Ok(None) };
        match self.get(&record_key(request)).await? {
            Some(record) => recorded(request, &record),
            None => Ok(None),
        }
    }

    /// Starts a transaction. Its [`commit`](Transaction::commit) makes all writes or none.
    ///
    /// ```no_run
    /// # use shared::domain::{Error, OrgScope, Result};
    /// # use shared::storage::{Condition, Key, Kind, Row, Table};
    /// # const NOTE: Kind<1> = Kind::new("NOTE");
    /// async fn rename(table: &Table, scope: &OrgScope, old: &str, new: &str, row: Row) -> Result<()> {
    ///     let writes = table
    ///         .transaction()
    ///         .delete(&Key::new(scope, NOTE, [&old]), Condition::Exists, |_| Error::NotFound("Note"))
    ///         .create(&Key::new(scope, NOTE, [&new]), row, |_| Error::Unprocessable("This name is taken"));
    ///     writes.commit().await.map(drop)
    /// }
    /// ```
    pub fn transaction(&self) -> Transaction<'_> {
        Transaction::new(&self.client, &self.name)
    }
}

/// Reads a row of a list. One row that can't be read must not hide the others, so it is only logged.
fn readable<T>(
    partition: &str,
    (sort, row): &(String, Row),
    read: impl Fn(&Row) -> Result<T>,
) -> Option<Result<T>> {
    match read(row) {
        Err(Error::Internal(cause)) => {
            count(Metric::UnreadableRows);
            tracing::error!(pk = partition, sk = sort, error = %cause, "unreadable row: a list goes without it");
            None
        }
        read => Some(read),
    }
}
