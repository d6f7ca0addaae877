//! Storage of files: bytes in the bucket, metadata in the projects table.
//!
//! The object is written first, then the `FILE` row in the list of its project, and then the object is committed. A failure in
//! between may leave an object without a row, an orphan. No caller can reach it, and the bucket deletes it.

use jiff::Timestamp;
use shared::config::Env;
use shared::domain::{Error, IdempotentRequest, NewFile, OrgScope, Outcome, ResourceId, Result};
use shared::storage::{Aws, Key, ObjectKey, Objects, Row, Store, Table};

use super::rows::{FILE, from_row};
use super::{FileId, ProjectFile};
use crate::ProjectId;
use crate::projects::project_key;

/// Files, in the table `PROJECTS_TABLE` and the bucket `UPLOADS_BUCKET`.
#[derive(Debug)]
pub struct Files {
    table: Table,
    objects: Objects,
}

impl Store for Files {
    type Settings = (String, String);

    fn settings(env: &Env<'_>) -> Option<(String, String)> {
        let (table, bucket) = (env.required("PROJECTS_TABLE"), env.required("UPLOADS_BUCKET"));
        Some((table?, bucket?))
    }

    fn open(aws: &Aws, (table, bucket): (String, String)) -> Self {
        Self { table: Table::open(aws, table), objects: Objects::open(aws, bucket) }
    }

    async fn preconnect(&self) {
        self.objects.preconnect().await;
    }
}

impl Files {
    /// Stores a file with a project at `now`, once for equal requests with a key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the organization has no such project. [`Error::Unprocessable`] if the request's key was used
    /// for another request. [`Error::Unavailable`] if the bucket or the table is unavailable.
    pub async fn create(
        &self,
        scope: &OrgScope,
        project: ProjectId,
        new: NewFile,
        request: Option<&IdempotentRequest>,
        now: Timestamp,
    ) -> Result<Outcome<ProjectFile>> {
        let key = project_key(scope, project);
        let (found, replayed) = tokio::join!(self.table.get(&key), self.table.replayed(request));
        found?.ok_or(Error::NotFound(ProjectId::RESOURCE))?;
        let file = ProjectFile::create(scope, project, &new, now);
        // A repeated request writes the same object, so an attempt that failed after the put leaves no orphan.
        let name = request.map_or_else(|| file.id.to_string(), IdempotentRequest::object_name);
        let object = ObjectKey::new(scope, &name);
        let outcome = if let Some(row) = replayed? {
            Outcome::Replayed(from_row(scope, &row)?)
        } else {
            self.objects.put_pending(&object, &new).await?;
            self.record(scope, file, &object, request).await?
        };
        // Replays commit too, because an earlier request may have ended before this call.
        self.objects.commit(&object, &new).await?;
        Ok(outcome)
    }

    async fn record(
        &self,
        scope: &OrgScope,
        file: ProjectFile,
        object: &ObjectKey,
        request: Option<&IdempotentRequest>,
    ) -> Result<Outcome<ProjectFile>> {
        let (key, row) = (file_key(scope, file.project_id, file.id), to_row(&file, object));
        let defect = |_| Error::internal("the id of a new file is taken");
        let commit =
            self.table.transaction().create(&key, row.clone(), defect).idempotent(request, row).commit();
        commit.await?.outcome(file, |row| from_row(scope, row))
    }
}

/// Returns the key of a file.
fn file_key(scope: &OrgScope, project: ProjectId, file: FileId) -> Key {
    Key::new(scope, FILE, [&project, &file])
}

fn to_row(file: &ProjectFile, object: &ObjectKey) -> Row {
    Row::of(FILE)
        .with_text("id", file.id)
        .with_text("projectId", file.project_id)
        .with_text("name", file.name.as_str())
        .with_text("contentType", &file.content_type)
        .with_number("size", file.size)
        .with_text("sha256", &file.sha256)
        .with_text("object", object.as_str())
        .with_text("createdBy", file.created_by.as_str())
        .with_time("createdAt", file.created_at)
}
