//! Rows of an organization, by a scan in segments.
//!
//! A query needs a whole partition key, and an organization has many partitions, so every row of the table is read. The
//! segments are scanned concurrently. A consistent scan costs one read unit for 4 KB of the whole table.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{TryStreamExt, stream};

use crate::organization::Organization;

/// Attributes of a row, in the SDK's form.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// Number of segments. Each is scanned, and exported, as a unit.
pub(crate) const SEGMENTS: u16 = 64;

/// Maximum number of whole rows in a page, of any organization. Without it, a page has a megabyte, which takes several in
/// memory, in each segment that is scanned.
const PAGE: i32 = 250;

/// Maximum number of rows in a page of keys.
const PAGE_OF_KEYS: i32 = 1000;

/// Rows of one organization in one table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'r> {
    pub(crate) client: &'r Client,
    pub(crate) table: &'r str,
    pub(crate) organization: &'r Organization,
    pub(crate) kind: Kind,
    /// Reads the keys only. The table reads, and charges, whole rows.
    pub(crate) keys_only: bool,
}

/// Form of a table's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Rows of the application, with `pk` and `sk`.
    Row,
    /// Counters of the rate limit, with `pk` alone.
    Counter,
}

impl Kind {
    /// Returns the names of the key's attributes.
    pub(crate) fn key(self) -> &'static [&'static str] {
        match self {
            Self::Row => &["pk", "sk"],
            Self::Counter => &["pk"],
        }
    }
}

impl Rows<'_> {
    /// Scans all segments, this many concurrently, and passes each page that has rows to `handle`, with the number of its
    /// segment. The pages of a segment come one after the other.
    pub(crate) async fn for_each_page(
        &self,
        parallel: usize,
        handle: impl AsyncFn(Vec<Item>) -> Result<()>,
    ) -> Result<()> {
        let scans = stream::iter((0..SEGMENTS).map(Ok));
        scans.try_for_each_concurrent(parallel, |segment| self.segment(segment, &handle)).await
    }

    /// Scans one segment, and passes each page that has rows to `handle`.
    pub(crate) async fn segment(
        &self,
        segment: u16,
        handle: impl AsyncFn(Vec<Item>) -> Result<()>,
    ) -> Result<()> {
        let (filter, own) = match self.kind {
            Kind::Row => ("begins_with(pk, :own)", self.organization.rows()),
            Kind::Counter => ("contains(pk, :own)", self.organization.counters()),
        };
        let scan = self.client.scan().table_name(self.table).consistent_read(true);
        let scan = scan.segment(segment.into()).total_segments(SEGMENTS.into());
        let scan = scan.limit(if self.keys_only { PAGE_OF_KEYS } else { PAGE });
        let scan = scan.filter_expression(filter);
        let scan = scan.set_projection_expression(self.keys_only.then(|| self.kind.key().join(", ")));
        let scan = scan.expression_attribute_values(":own", AttributeValue::S(own.to_owned()));
        let mut pages = scan.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.with_context(|| format!("can't scan the table {}", self.table))?;
            let items = self.own(page.items.unwrap_or_default())?;
            if !items.is_empty() {
                handle(items).await?;
            }
        }
        Ok(())
    }

    /// Returns the items that are the organization's. The filter for counters is wider than them.
    ///
    /// # Errors
    /// When the filter for rows lets another's row through.
    fn own(&self, mut items: Vec<Item>) -> Result<Vec<Item>> {
        if self.kind == Kind::Counter {
            items.retain(|item| self.organization.owns_counter(partition(item)));
            return Ok(items);
        }
        let is_own = items.iter().all(|item| self.organization.owns_row(partition(item)));
        ensure!(is_own, "{} returned rows of another organization; nothing of that page is used", self.table);
        Ok(items)
    }
}

fn partition(item: &Item) -> &str {
    item.get("pk").and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}
