//! Pages of `ListObjectsV2`.

use s3s::dto::{CommonPrefix, ETag, ListObjectsV2Input, ListObjectsV2Output, Object};

use super::objects::{length, timestamp};
use super::store::Summary;

const MAX_KEYS: usize = 1000;

/// Returns the key after which the page begins. The continuation token is the last key of the page before.
pub(super) fn after(input: &ListObjectsV2Input) -> String {
    input.continuation_token.as_ref().or(input.start_after.as_ref()).cloned().unwrap_or_default()
}

/// Builds the requested page from all objects with the prefix, in order.
pub(super) fn page(input: ListObjectsV2Input, found: Vec<Summary>) -> ListObjectsV2Output {
    let limit = input.max_keys.and_then(|keys| usize::try_from(keys).ok()).unwrap_or(MAX_KEYS).min(MAX_KEYS);
    let mut page = Page::default();
    for summary in found {
        let folder = folder(&input, &summary.key).map(str::to_owned);
        if !page.covers(folder.as_deref()) && page.len() == limit {
            page.truncated = true;
            break;
        }
        page.add(folder, summary);
    }
    page.response(input, limit)
}

#[derive(Default)]
struct Page {
    objects: Vec<Object>,
    folders: Vec<String>,
    last: Option<String>,
    truncated: bool,
}

impl Page {
    fn len(&self) -> usize {
        self.objects.len() + self.folders.len()
    }

    /// Returns `true` if the page already lists this folder.
    fn covers(&self, folder: Option<&str>) -> bool {
        folder.is_some() && self.folders.last().map(String::as_str) == folder
    }

    fn add(&mut self, folder: Option<String>, summary: Summary) {
        self.last = Some(summary.key.clone());
        match folder {
            Some(folder) if !self.covers(Some(&folder)) => self.folders.push(folder),
            Some(_) => {}
            None => self.objects.push(object(summary)),
        }
    }

    fn response(self, input: ListObjectsV2Input, limit: usize) -> ListObjectsV2Output {
        let folders = self.folders.iter().map(|folder| CommonPrefix { prefix: Some(folder.clone()) });
        ListObjectsV2Output {
            key_count: i32::try_from(self.len()).ok(),
            common_prefixes: Some(folders.collect()),
            contents: Some(self.objects),
            is_truncated: Some(self.truncated),
            next_continuation_token: self.last.filter(|_| self.truncated),
            max_keys: i32::try_from(limit).ok(),
            name: Some(input.bucket),
            prefix: input.prefix,
            delimiter: input.delimiter,
            continuation_token: input.continuation_token,
            start_after: input.start_after,
            ..ListObjectsV2Output::default()
        }
    }
}

/// Returns the common prefix of a key: up to the first delimiter after the requested prefix.
fn folder<'k>(input: &ListObjectsV2Input, key: &'k str) -> Option<&'k str> {
    let delimiter = input.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty())?;
    let start = input.prefix.as_deref().map_or(0, str::len);
    let end = key.get(start..)?.find(delimiter)? + start + delimiter.len();
    key.get(..end)
}

fn object(summary: Summary) -> Object {
    Object {
        key: Some(summary.key),
        size: Some(length(summary.attributes.size)),
        e_tag: Some(ETag::Strong(summary.attributes.etag)),
        last_modified: Some(timestamp(summary.modified_ms)),
        ..Object::default()
    }
}
