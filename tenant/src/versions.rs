//! Versions of an organization's objects, and their delete markers, page by page.

use anyhow::{Context, Result, ensure};
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::list_object_versions::ListObjectVersionsOutput;
use aws_sdk_s3::types::ObjectIdentifier;

use crate::organization::Organization;
use crate::report::{Tally, number};

/// Objects of one organization in one bucket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Versions<'v> {
    pub(crate) client: &'v Client,
    pub(crate) bucket: &'v str,
    pub(crate) organization: &'v Organization,
}

/// Versions and delete markers of a page, at most 1,000.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) tally: Tally,
    pub(crate) identifiers: Vec<ObjectIdentifier>,
    next: Option<Position>,
}

/// Place in the list of versions.
#[derive(Debug)]
pub(crate) struct Position {
    key: Option<String>,
    version: Option<String>,
}

impl Versions<'_> {
    /// Returns the pages, one after the other.
    pub(crate) fn pages(&self) -> impl futures_util::TryStream<Ok = Page, Error = anyhow::Error> {
        let start = Some(Position { key: None, version: None });
        futures_util::stream::try_unfold(start, |position| async {
            let Some(position) = position else { return Ok(None) };
            let mut page = self.page(position).await?;
            let next = page.next.take();
            Ok(Some((page, next)))
        })
    }

    async fn page(&self, Position { key, version }: Position) -> Result<Page> {
        let list = self.client.list_object_versions().bucket(self.bucket).prefix(self.organization.objects());
        let list = list.set_key_marker(key).set_version_id_marker(version);
        let found = list.send().await.with_context(|| format!("can't list versions in {}", self.bucket))?;
        let (identifiers, tally) = (identifiers(&found)?, tally(&found));
        let is_own = identifiers.iter().all(|found| self.organization.owns_object(found.key()));
        ensure!(
            is_own,
            "{} returned objects of another organization; nothing of that page is used",
            self.bucket
        );
        let is_last = found.is_truncated != Some(true);
        let next = Position { key: found.next_key_marker, version: found.next_version_id_marker };
        Ok(Page { tally, identifiers, next: (!is_last).then_some(next) })
    }
}

fn identifiers(found: &ListObjectVersionsOutput) -> Result<Vec<ObjectIdentifier>> {
    let versions = found.versions().iter().map(|version| (version.key(), version.version_id()));
    let markers = found.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
    let identifier = |(key, version): (Option<&str>, Option<&str>)| {
        let key = key.context("a version has no key")?;
        // A bucket that never had versions calls the only one null.
        Ok(ObjectIdentifier::builder().key(key).version_id(version.unwrap_or("null")).build()?)
    };
    versions.chain(markers).map(identifier).collect()
}

fn tally(found: &ListObjectVersionsOutput) -> Tally {
    let (versions, markers) = (number(found.versions().len()), number(found.delete_markers().len()));
    Tally { versions, markers, ..Tally::default() }
}
