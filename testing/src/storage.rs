//! Direct access to tables and bucket, as plain JSON and bytes.

use std::collections::HashMap;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::types::ChecksumMode;
use serde_json::{Map, Value};

use super::app::App;

/// A stored object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Content.
    pub bytes: Vec<u8>,
    /// `Content-Type`.
    pub content_type: String,
    /// `Content-Disposition`.
    pub content_disposition: String,
    /// SHA-256 in base64 that S3 checked the content against, or empty.
    pub sha256: String,
}

/// Returns the key of the object of an organization's file, whose name is the file's id.
#[must_use]
pub fn object_key(organization: &str, file: &Value) -> String {
    format!("orgs/{organization}/{}", file["id"].as_str().unwrap_or_default())
}

impl App {
    /// Returns the rows of a kind in the table with this logical id; all rows without a kind.
    ///
    /// # Errors
    /// The table can't be read.
    pub async fn rows(&self, table: &str, kind: &str) -> Result<Vec<Value>> {
        let (mut rows, mut start) = (Vec::new(), None);
        loop {
            let scan = self.stack.dynamodb().scan().table_name(self.stack.table(table)).consistent_read(true);
            let page = scan.set_exclusive_start_key(start).send().await.context("the table can't be read")?;
            rows.extend(page.items().iter().map(row));
            start = page.last_evaluated_key;
            if start.is_none() {
                break;
            }
        }
        rows.retain(|row| kind.is_empty() || part(row, 2) == Some(kind));
        Ok(rows)
    }

    /// Returns the rows of a kind in the partitions of an organization.
    ///
    /// # Errors
    /// The table can't be read.
    pub async fn rows_of(&self, organization: &str, table: &str, kind: &str) -> Result<Vec<Value>> {
        let mut rows = self.rows(table, kind).await?;
        rows.retain(|row| part(row, 0) == Some("ORG") && part(row, 1) == Some(organization));
        Ok(rows)
    }

    /// Puts a row into the table with this logical id, in place of the one with the same key.
    ///
    /// # Errors
    /// The table can't be written.
    pub async fn put_row(&self, table: &str, row: &Value) -> Result<()> {
        let item = row.as_object().into_iter().flatten();
        let item: HashMap<_, _> = item.map(|(name, value)| (name.clone(), attribute(value))).collect();
        let put = self.stack.dynamodb().put_item().table_name(self.stack.table(table)).set_item(Some(item));
        put.send().await.map(drop).context("the row can't be written")
    }

    /// Deletes a table, to simulate an outage.
    ///
    /// # Errors
    /// The table can't be deleted.
    pub async fn lose_table(&self, table: &str) -> Result<()> {
        let delete = self.stack.dynamodb().delete_table().table_name(self.stack.table(table));
        delete.send().await.map(drop).context("the table can't be deleted")
    }

    /// Returns the keys of all objects.
    ///
    /// # Errors
    /// The bucket can't be read.
    pub async fn objects(&self) -> Result<Vec<String>> {
        let list = self.s3().list_objects_v2().bucket(self.stack.bucket("UploadsBucket"));
        let found = list.send().await.context("the bucket can't be listed")?;
        Ok(found.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect())
    }

    /// Returns the tags of the object with this key, as `key=value`.
    ///
    /// # Errors
    /// There is no such object.
    pub async fn tags(&self, key: &str) -> Result<Vec<String>> {
        let get = self.s3().get_object_tagging().bucket(self.stack.bucket("UploadsBucket")).key(key);
        let found = get.send().await.with_context(|| format!("there is no object {key}"))?;
        Ok(found.tag_set().iter().map(|tag| format!("{}={}", tag.key(), tag.value())).collect())
    }

    /// Returns the keys of an organization's objects, each with the object's tags.
    ///
    /// # Errors
    /// The bucket can't be read.
    pub async fn tagged_objects(&self, organization: &str) -> Result<Vec<(String, Vec<String>)>> {
        let (mut objects, folder) = (Vec::new(), format!("orgs/{organization}/"));
        for key in self.objects().await?.into_iter().filter(|key| key.starts_with(&folder)) {
            let tags = self.tags(&key).await?;
            objects.push((key, tags));
        }
        Ok(objects)
    }

    /// Returns the object with this key.
    ///
    /// # Errors
    /// There is no such object.
    pub async fn object(&self, key: &str) -> Result<Object> {
        let get = self.s3().get_object().bucket(self.stack.bucket("UploadsBucket")).key(key);
        let found = get.checksum_mode(ChecksumMode::Enabled).send().await;
        let found = found.with_context(|| format!("there is no object {key}"))?;
        Ok(Object {
            content_type: found.content_type().unwrap_or_default().to_owned(),
            content_disposition: found.content_disposition().unwrap_or_default().to_owned(),
            sha256: found.checksum_sha256().unwrap_or_default().to_owned(),
            bytes: found.body.collect().await.context("the object breaks off")?.to_vec(),
        })
    }
}

/// Returns a part of the partition's key, such as `acme` of `ORG#acme#NOTE`.
fn part(row: &Value, index: usize) -> Option<&str> {
    row["pk"].as_str()?.split('#').nth(index)
}

fn row(item: &HashMap<String, AttributeValue>) -> Value {
    item.iter().map(|(name, attribute)| (name.clone(), value(attribute))).collect::<Map<_, _>>().into()
}

/// Converts an attribute. Rows consist of texts, whole numbers and maps; anything else becomes null.
fn value(attribute: &AttributeValue) -> Value {
    match attribute {
        AttributeValue::S(text) => text.clone().into(),
        AttributeValue::N(number) => number.parse::<i64>().ok().into(),
        AttributeValue::M(map) => row(map),
        _ => Value::Null,
    }
}

fn attribute(value: &Value) -> AttributeValue {
    match value {
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::Object(map) => {
            AttributeValue::M(map.iter().map(|(name, value)| (name.clone(), attribute(value))).collect())
        }
        _ => AttributeValue::Null(true),
    }
}
