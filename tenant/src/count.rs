//! `tenant count`: what an organization has.

use std::cell::Cell;

use anyhow::Result;
use futures_util::TryStreamExt;

use crate::arguments::Data;
use crate::aws::Aws;
use crate::report::{Tally, number, say};
use crate::rows::Rows;
use crate::sources::say_sources;
use crate::versions::Versions;

/// Counts rows, versions of objects, delete markers and counters, and prints their numbers.
pub(crate) async fn count(data: &Data) -> Result<()> {
    let aws = Aws::open().await?;
    say_sources(&aws, data).await?;
    let mut tally = Tally::default();
    for (table, kind) in data.tables() {
        let rows =
            Rows { client: &aws.dynamodb, table, organization: &data.organization, kind, keys_only: true };
        let count = Cell::new(0);
        rows.for_each_page(data.parallel(), async |items| {
            count.set(count.get() + number(items.len()));
            Ok(())
        })
        .await?;
        tally += Tally::of(kind, count.get());
    }
    for bucket in &data.buckets {
        let versions = Versions { client: &aws.s3, bucket, organization: &data.organization };
        let pages = versions.pages();
        tally += pages
            .try_fold(Tally::default(), async |mut sum, page| {
                sum += page.tally;
                Ok(sum)
            })
            .await?;
    }
    say(&format!("{} has {tally}", data.organization.id()));
    Ok(())
}
