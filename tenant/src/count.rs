//! `tenant count`: what an organization has.

use std::cell::Cell;

use anyhow::Result;
use futures_util::TryStreamExt;

use crate::arguments::Data;
use crate::aws::Aws;
use crate::report::{Tally, say};
use crate::rows::{Kind, Rows};
use crate::versions::Versions;

/// Counts rows, versions of objects, delete markers and counters, and prints their numbers.
pub(crate) async fn count(data: &Data) -> Result<()> {
    let aws = Aws::open().await?;
    let mut tally = Tally::default();
    for (table, kind) in tables(data) {
        let rows =
            Rows { client: &aws.dynamodb, table, organization: &data.organization, kind, keys_only: true };
        let count = Cell::new(0);
        rows.for_each_page(data.parallel(), async |items| {
            count.set(count.get() + number(items.len()));
            Ok(())
        })
        .await?;
        tally += of_kind(kind, count.get());
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

/// Returns all tables, and the forms of their keys.
pub(crate) fn tables(data: &Data) -> impl Iterator<Item = (&str, Kind)> {
    let rows = data.tables.iter().map(|table| (table.as_str(), Kind::Row));
    rows.chain(data.counters.iter().map(|table| (table.as_str(), Kind::Counter)))
}

/// Returns a tally of items of a kind.
pub(crate) fn of_kind(kind: Kind, count: u64) -> Tally {
    match kind {
        Kind::Row => Tally { rows: count, ..Tally::default() },
        Kind::Counter => Tally { counters: count, ..Tally::default() },
    }
}

/// Returns a length as a number to add up.
pub(crate) fn number(length: usize) -> u64 {
    length.try_into().unwrap_or(u64::MAX)
}
