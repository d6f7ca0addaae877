//! Objects of the template's buckets as they are now: the newest, with media type and tags.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Page;
use super::rows::SHOWN;

/// Maximum objects that are listed.
const MAX_OBJECTS: usize = 10_000;

impl Page {
    /// Reads all buckets of the template.
    pub(super) async fn buckets(&self) -> Result<Vec<Value>> {
        let (endpoint, objects) = (&self.emulators.s3.endpoint, &self.emulators.objects);
        let mut buckets = Vec::new();
        for bucket in &self.template.buckets {
            let name = self.names.bucket(&bucket.id).unwrap_or(&bucket.id);
            let listing = objects.list([endpoint, name, ""], MAX_OBJECTS, SHOWN).await;
            let listing = listing.with_context(|| format!("can't read the bucket {name}"))?;
            let mut read = serde_json::to_value(listing)?;
            read["name"] = json!(name);
            buckets.push(read);
        }
        Ok(buckets)
    }
}
