//! The files of projects: their bytes in the bucket, what is known of them in the projects table.
//!
//! The object is written first and the row `FILE#{projectId}#{fileId}` after it, so a row always has its object. An
//! object without a row is what a failure in between leaves; nobody can reach it.

use std::time::Duration;

use aws_sdk_dynamodb::types::Put;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::primitives::ByteStream;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use percent_encoding::utf8_percent_encode;

use super::aws::{Aws, timeouts};
use super::fault::failed;
use super::idempotency::{record, record_key, recorded};
use super::item::{Item, item, key, must, number, read_number, read_text, text};
use super::projects::{project_key, read_time};
use super::transaction::{self, Transaction};
use super::{Projects, Store};
use crate::config::uploads::BucketSettings;
use crate::config::{Env, Settings};
use crate::domain::PLAIN;
use crate::domain::time::format_millis;
use crate::domain::{
    Error, File, FileId, FileName, NewFile, OrgScope, ProjectId, Repeatable, Result, UserId, Written,
};

/// The longest name in bytes that goes into an object's headers, once encoded: S3 takes 2 KB for all of them.
const MAX_NAME_BYTES: usize = 1024;

/// The files.
pub struct Files {
    client: Client,
    bucket: String,
    projects: Projects,
}

impl Store for Files {
    type Settings = BucketSettings;

    fn settings(env: &Env<'_>) -> Option<BucketSettings> {
        BucketSettings::read(env)
    }

    fn open(aws: &Aws, settings: &Settings, own: BucketSettings) -> Self {
        let config = Builder::from(&aws.config)
            .timeout_config(timeouts(Duration::from_secs(5), Duration::from_secs(8)))
            .force_path_style(own.path_style)
            .build();
        Self {
            client: Client::from_conf(config),
            bucket: own.bucket,
            projects: Projects::open(aws, settings, ()),
        }
    }
}

impl Files {
    /// Stores a file with a project at `now`, once for a request that may be repeated.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the organization has no such project, [`Error::Unprocessable`] if the request's key was
    /// used for another one; otherwise if bucket or table can't answer.
    pub async fn store(
        &self,
        scope: &OrgScope,
        project: ProjectId,
        new: NewFile,
        repeatable: Option<&Repeatable>,
        now: Timestamp,
    ) -> Result<Written<File>> {
        let (found, earlier) =
            tokio::join!(self.check_project(scope, project), self.earlier(scope, repeatable));
        found?;
        if let Some(file) = earlier? {
            return Ok(Written::Before(file));
        }
        let file = new.stored(scope, project, now);
        // A repeated request writes to the same object, so a first try that got no further leaves nothing behind.
        let name = repeatable.map_or_else(|| file.id.to_string(), Repeatable::object_name);
        let object = format!("orgs/{}/{name}", utf8_percent_encode(scope.organization().as_str(), PLAIN));
        self.put_object(&object, new).await?;
        self.record(scope, file, &object, repeatable).await
    }

    async fn check_project(&self, scope: &OrgScope, project: ProjectId) -> Result<()> {
        let found = self.get(project_key(scope, project)).await?;
        found.map(drop).ok_or(Error::NotFound("Project"))
    }

    /// The file that this request stored before.
    async fn earlier(&self, scope: &OrgScope, repeatable: Option<&Repeatable>) -> Result<Option<File>> {
        let Some(repeatable) = repeatable else {
            return Ok(None);
        };
        let Some(record) = self.get(record_key(scope, repeatable)).await? else {
            return Ok(None);
        };
        recorded(repeatable, &record)?.map(|row| from_row(scope, row)).transpose()
    }

    async fn get(&self, key: Item) -> Result<Option<Item>> {
        let request = self.projects.client().get_item().table_name(self.projects.table());
        let output = request.set_key(Some(key)).consistent_read(true).send().await.map_err(failed)?;
        Ok(output.item)
    }

    async fn put_object(&self, object: &str, new: NewFile) -> Result<()> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(object)
            .content_type(new.content_type())
            // Whoever is ever handed the object itself gets a download, never a page.
            .content_disposition(attachment(new.name()))
            .checksum_sha256(STANDARD.encode(new.sha256()))
            .body(ByteStream::from(new.into_bytes()))
            .send()
            .await
            .map(drop)
            .map_err(failed)
    }

    async fn record(
        &self,
        scope: &OrgScope,
        file: File,
        object: &str,
        repeatable: Option<&Repeatable>,
    ) -> Result<Written<File>> {
        let mut puts = vec![self.row(scope, &file, object)?];
        if let Some(repeatable) = repeatable {
            puts.push(record(self.projects.table(), scope, repeatable, to_row(&file, object))?);
        }
        match transaction::write(self.projects.client(), puts).await? {
            Transaction::Done => Ok(Written::Now(file)),
            Transaction::Refused(refusals) => {
                let earlier = refusals.get(1).and_then(Option::as_ref).zip(repeatable);
                let (refusal, repeatable) = must(earlier, "reason for the refusal")?;
                let row = must(recorded(repeatable, &refusal.row)?, "answer")?;
                from_row(scope, row).map(Written::Before)
            }
        }
    }

    fn row(&self, scope: &OrgScope, file: &File, object: &str) -> Result<Put> {
        let place = key(scope, format!("FILE#{}#{}", file.project_id, file.id));
        self.projects.put_new(place.into_iter().chain(to_row(file, object)).collect())
    }
}

/// RFC 6266, with the name in the form of RFC 8187 unless it is too long for a header.
fn attachment(name: &FileName) -> String {
    let name = utf8_percent_encode(name.as_str(), PLAIN).to_string();
    if name.len() > MAX_NAME_BYTES {
        "attachment".to_owned()
    } else {
        format!("attachment; filename*=UTF-8''{name}")
    }
}

fn to_row(file: &File, object: &str) -> Item {
    item([
        ("id", text(file.id)),
        ("projectId", text(file.project_id)),
        ("name", text(file.name.as_str())),
        ("contentType", text(&file.content_type)),
        ("size", number(file.size)),
        ("sha256", text(&file.sha256)),
        ("object", text(object)),
        ("createdBy", text(file.created_by.as_str())),
        ("createdAt", text(format_millis(file.created_at))),
    ])
}

fn from_row(scope: &OrgScope, row: &Item) -> Result<File> {
    Ok(File {
        id: must(read_text(row, "id").and_then(FileId::parse), "id")?,
        org_id: scope.organization().clone(),
        project_id: must(read_text(row, "projectId").and_then(ProjectId::parse), "projectId")?,
        name: FileName::stored(must(read_text(row, "name"), "name")?),
        content_type: must(read_text(row, "contentType"), "contentType")?.to_owned(),
        size: must(read_number(row, "size"), "size")?,
        sha256: must(read_text(row, "sha256"), "sha256")?.to_owned(),
        created_by: must(read_text(row, "createdBy").and_then(UserId::parse), "createdBy")?,
        created_at: read_time(row, "createdAt")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_can_not_leave_its_header() {
        let name = FileName::new("a\"; x=\u{e9}.html");
        assert_eq!(attachment(&name), "attachment; filename*=UTF-8''a%22%3B%20x%3D%C3%A9.html");
    }

    #[test]
    fn a_name_that_is_too_long_for_a_header_stays_out_of_it() {
        assert_eq!(attachment(&FileName::new(&"\u{65e5}".repeat(255))), "attachment");
    }
}
