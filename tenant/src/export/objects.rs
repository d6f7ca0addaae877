//! Objects of a bucket, each as a file and a line. Bytes must have the size of the list, and S3's SHA-256 if it has one.

use anyhow::{Context, Result, ensure};
use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::types::{ChecksumMode, Object};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt, TryStreamExt, stream};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use shared::domain::hex;

use super::folder::{Digested, Draft, Folder, file_name};
use super::manifest::Contents;
use crate::arguments::Data;

/// Line of an object.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    key: String,
    /// Path of the bytes in the export.
    file: String,
    /// Name that a download gets.
    name: Option<String>,
    content_type: Option<String>,
    size: u64,
    sha256: String,
    /// S3 has the same SHA-256. It has none of an object that another service put.
    verified: bool,
    etag: Option<String>,
    last_modified: Option<String>,
}

/// Bucket, and where its objects go.
struct Export<'e> {
    client: &'e Client,
    data: &'e Data,
    bucket: &'e str,
    folder: &'e Folder,
}

/// List of a bucket's objects, which are too many to keep in memory.
struct List {
    draft: Draft,
    count: u64,
    bytes: u64,
}

/// Exports the objects of a bucket, without earlier versions.
pub(super) async fn export(client: &Client, data: &Data, bucket: &str, folder: &Folder) -> Result<Contents> {
    let export = Export { client, data, bucket, folder };
    let mut pages =
        client.list_objects_v2().bucket(bucket).prefix(data.organization.objects()).into_paginator().send();
    let file = format!("objects/{}.jsonl", file_name(bucket));
    let mut list = List { draft: folder.draft(&file)?, count: 0, bytes: 0 };
    while let Some(page) = pages.next().await {
        let page = page.with_context(|| format!("can't list {bucket}"))?;
        let objects = stream::iter(page.contents.unwrap_or_default());
        let found = objects.map(|object| export.object(object)).buffered(data.parallel());
        list = found.try_fold(list, async |list, line| list.append(line)).await?;
    }
    let List { draft, count, bytes } = list;
    draft.complete()?;
    let sha256 = hex(&folder.digest(&file)?.sha256);
    Ok(Contents { name: bucket.to_owned(), file, count, bytes, sha256 })
}

impl List {
    /// Appends the line of an object, unless it was deleted meanwhile.
    fn append(mut self, line: Option<Line>) -> Result<Self> {
        if let Some(line) = line {
            self.draft.append(format!("{}\n", serde_json::to_string(&line)?).as_bytes())?;
            self.count += 1;
            self.bytes += line.size;
        }
        Ok(self)
    }
}

impl Export<'_> {
    /// Exports an object, unless an earlier command has. Returns `None` if it was deleted meanwhile.
    async fn object(&self, listed: Object) -> Result<Option<Line>> {
        let key = listed.key().context("an object has no key")?;
        ensure!(
            self.data.organization.owns_object(key),
            "{} returned {key}, which is of another",
            self.bucket
        );
        let name = file_name(&key[self.data.organization.objects().len()..]);
        let place = format!("{}/{name}", file_name(self.bucket));
        let (file, part) = (format!("objects/{place}"), format!("parts/objects/{place}.json"));
        if let Some(line) = self.folder.read(&part)? {
            let line: Line = serde_json::from_slice(&line).with_context(|| format!("{part} is damaged"))?;
            if line.etag.as_deref() == listed.e_tag() {
                return Ok(Some(line));
            }
        }
        let get = self.client.get_object().bucket(self.bucket).key(key).checksum_mode(ChecksumMode::Enabled);
        let got = match get.send().await {
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => {
                return Ok(None);
            }
            got => got.with_context(|| format!("can't read the object {key}"))?,
        };
        let line = self.save(key, &file, got).await.with_context(|| format!("the object {key}"))?;
        self.folder.write(&part, &serde_json::to_vec(&line)?)?;
        Ok(Some(line))
    }

    /// Saves the bytes and verifies them.
    async fn save(&self, key: &str, file: &str, mut got: GetObjectOutput) -> Result<Line> {
        let mut draft = self.folder.draft(file)?;
        while let Some(bytes) = got.body.try_next().await? {
            draft.append(&bytes)?;
        }
        draft.complete()?;
        let Digested { bytes, sha256 } = self.folder.digest(file)?;
        let size = got.content_length().and_then(|size| u64::try_from(size).ok());
        ensure!(size == Some(bytes), "{bytes} bytes were read, and {size:?} are stored");
        // That of an object in parts is a hash of hashes.
        let stored = got.checksum_sha256().filter(|stored| !stored.contains('-'));
        let is_same = stored.map(|stored| STANDARD.encode(&sha256) == stored);
        ensure!(is_same != Some(false), "its SHA-256 differs from that of S3");
        Ok(Line {
            key: key.to_owned(),
            file: file.to_owned(),
            name: got.content_disposition().and_then(download_name),
            content_type: got.content_type().map(str::to_owned),
            size: bytes,
            sha256: hex(&sha256),
            verified: is_same == Some(true),
            etag: got.e_tag().map(str::to_owned),
            last_modified: got.last_modified().map(ToString::to_string),
        })
    }
}

/// Returns the file name of a `Content-Disposition` in the form of RFC 8187, which the platform writes.
fn download_name(disposition: &str) -> Option<String> {
    let (_, name) = disposition.split_once("filename*=UTF-8''")?;
    let name = percent_decode_str(name.split(';').next()?).decode_utf8().ok()?;
    Some(name.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_of_a_download_is_decoded() {
        let name = download_name("attachment; filename*=UTF-8''a%22%C3%A9.png");
        assert_eq!(name.as_deref(), Some("a\"\u{e9}.png"));
        assert_eq!(download_name("attachment"), None);
    }
}
