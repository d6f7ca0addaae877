//! The files of projects: their bytes in the bucket, what is known of them in the projects table.
//!
//! The object is written first, the row `FILE#{projectId}#{fileId}` after it, and only then is the object kept for good.
//! An object without a row is what a failure in between leaves; nobody can reach it, and the bucket deletes it.

use aws_sdk_dynamodb::types::Put;
use jiff::Timestamp;
use percent_encoding::utf8_percent_encode;

use super::aws::Aws;
use super::fault::failed;
use super::idempotency::{record, record_key, recorded};
use super::item::{Item, item, key, must, number, read_number, read_text, text};
use super::objects::Objects;
use super::projects::{project_key, read_time};
use super::transaction::{self, Transaction, took_effect};
use super::{Projects, Store};
use crate::config::uploads::BucketSettings;
use crate::config::{Env, Settings};
use crate::domain::PLAIN;
use crate::domain::time::format_millis;
use crate::domain::{
    Error, File, FileId, FileName, NewFile, OrgScope, ProjectId, Repeatable, Result, UserId, Written,
};

/// The files.
pub struct Files {
    objects: Objects,
    projects: Projects,
}

impl Store for Files {
    type Settings = BucketSettings;

    fn settings(env: &Env<'_>) -> Option<BucketSettings> {
        BucketSettings::read(env)
    }

    fn open(aws: &Aws, settings: &Settings, own: BucketSettings) -> Self {
        Self { objects: Objects::open(aws, own), projects: Projects::open(aws, settings, ()) }
    }

    async fn connect(&self) {
        self.objects.connect().await;
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
        let file = new.stored(scope, project, now);
        // A repeated request writes to the same object, so a first try that got no further leaves nothing behind.
        let name = repeatable.map_or_else(|| file.id.to_string(), Repeatable::object_name);
        let object = format!("orgs/{}/{name}", utf8_percent_encode(scope.organization().as_str(), PLAIN));
        let written = if let Some(file) = earlier? {
            Written::Before(file)
        } else {
            self.objects.put_unrecorded(&object, &new).await?;
            self.record(scope, file, &object, repeatable).await?
        };
        // An earlier request may have ended before it got here.
        self.objects.keep(&object, &new).await?;
        Ok(written)
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
            Transaction::Refused(refusals) if took_effect(&refusals, &file.id) => Ok(Written::Now(file)),
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
