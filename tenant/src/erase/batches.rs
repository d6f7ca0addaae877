//! Deletion of rows and of versions of objects, in batches.

use std::cell::Cell;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use futures_util::TryStreamExt;

use crate::aws::Aws;
use crate::organization::Organization;
use crate::report::{Tally, number};
use crate::rows::{Item, Kind, Rows};
use crate::versions::{Page, Versions};

/// Maximum number of rows that `BatchWriteItem` takes.
const BATCH: usize = 25;

/// Maximum attempts of rows that a throttled table left unprocessed, and the wait before the second, which doubles.
const ATTEMPTS: u32 = 12;
const BACKOFF: Duration = Duration::from_millis(50);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

/// Deletions for one organization.
#[derive(Debug)]
pub(super) struct Batches<'b> {
    pub(super) aws: Aws,
    pub(super) organization: &'b Organization,
    pub(super) parallel: usize,
}

impl Batches<'_> {
    /// Deletes the organization's rows of a table. Returns their number.
    ///
    /// # Errors
    /// When a call fails, or a table stays throttled.
    pub(super) async fn erase_rows(&self, table: &str, kind: Kind) -> Result<Tally> {
        let rows = Rows {
            client: &self.aws.dynamodb,
            table,
            organization: self.organization,
            kind,
            keys_only: true,
        };
        let count = Cell::new(0);
        let erase = async |items: Vec<Item>| {
            for batch in items.chunks(BATCH) {
                self.delete_rows(table, kind, batch).await?;
                count.set(count.get() + number(batch.len()));
            }
            Ok(())
        };
        rows.for_each_page(self.parallel, erase).await?;
        Ok(Tally::of(kind, count.get()))
    }

    /// Deletes the organization's objects of a bucket, with all versions and delete markers. Returns their numbers.
    ///
    /// # Errors
    /// When a call fails, or S3 keeps a version.
    pub(super) async fn erase_versions(&self, bucket: &str) -> Result<Tally> {
        let versions = Versions { client: &self.aws.s3, bucket, organization: self.organization };
        let sum = Cell::new(Tally::default());
        let erase = async |page: Page| {
            self.delete_versions(bucket, page.identifiers).await?;
            let mut tally = sum.get();
            tally += page.tally;
            sum.set(tally);
            Ok(())
        };
        // The next page is listed while these are deleted. The list continues behind a key, deleted or not.
        versions.pages().try_for_each_concurrent(self.parallel, erase).await?;
        Ok(sum.get())
    }

    async fn delete_rows(&self, table: &str, kind: Kind, items: &[Item]) -> Result<()> {
        let mut requests = items.iter().map(|item| delete(item, kind)).collect::<Result<Vec<_>>>()?;
        let mut backoff = BACKOFF;
        for _ in 0..ATTEMPTS {
            let batch = self.aws.dynamodb.batch_write_item().request_items(table, requests);
            let output = batch.send().await.with_context(|| format!("can't delete rows of {table}"))?;
            let unprocessed = output.unprocessed_items.unwrap_or_default().remove(table);
            requests = unprocessed.unwrap_or_default();
            if requests.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(backoff).await;
            backoff = LONGEST_BACKOFF.min(backoff * 2);
        }
        bail!("{table} is throttled; run this again later, or with a smaller --parallel")
    }

    async fn delete_versions(&self, bucket: &str, identifiers: Vec<ObjectIdentifier>) -> Result<()> {
        if identifiers.is_empty() {
            return Ok(());
        }
        let delete = Delete::builder().set_objects(Some(identifiers)).quiet(true).build()?;
        let sent = self.aws.s3.delete_objects().bucket(bucket).delete(delete).send().await;
        let output = sent.with_context(|| format!("can't delete objects of {bucket}"))?;
        let first = output.errors().first();
        let reason = first.and_then(|error| error.message().or(error.code())).unwrap_or_default();
        ensure!(first.is_none(), "{bucket} keeps {} versions: {reason}", output.errors().len());
        Ok(())
    }
}

/// Returns the deletion of a row, by its key.
fn delete(item: &Item, kind: Kind) -> Result<WriteRequest> {
    let mut request = DeleteRequest::builder();
    for name in kind.key() {
        let value = item.get(*name).with_context(|| format!("a row has no {name}"))?;
        request = request.key(*name, value.clone());
    }
    Ok(WriteRequest::builder().delete_request(request.build()?).build())
}
