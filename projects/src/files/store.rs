//! Storage of files: bytes in the bucket, metadata in the projects table.
//!
//! The object is written first, then the `FILE` row in the list of its project, and then the object is committed. A failure
//! in between may leave an object without a row, an orphan. No caller can reach it, and the bucket deletes it.

use jiff::Timestamp;
use shared::config::Env;
use shared::domain::{Error, IdempotentRequest, NewFile, OrgScope, Outcome, Result};
use shared::storage::{Aws, ObjectKey, Objects, Row, Store, Table};

use super::rows::{FILE, NO_FILE, NO_PROJECT, file_key, from_row};
use super::{Download, DownloadableFile, FileId, ProjectFile};
use crate::ProjectId;
use crate::projects::project_key;

/// Files, in the table `PROJECTS_TABLE` and the bucket `UPLOADS_BUCKET`.
#[derive(Debug)]
pub struct Files {
    pub(super) table: Table,
    pub(super) objects: Objects,
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

    async fn warm_up(&self) {
        self.objects.warm_up().await;
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
        found?.ok_or(NO_PROJECT)?;
        let outcome = if let Some(row) = replayed? {
            Outcome::Replayed(from_row(scope, &row)?)
        } else {
            let file = ProjectFile::create(scope, project, new.description(), now);
            self.objects.put_pending(&object_key(scope, file.id), &new).await?;
            self.record(scope, file, request).await?
        };
        // Replays commit too, because an earlier request may have ended before this call.
        self.commit(scope, outcome.value()).await?;
        Ok(outcome)
    }

    /// Returns a file and a URL to download it, signed at `now`. Project, file and object are read concurrently.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the organization has no such project, the project no such file, or the bucket no such object.
    /// [`Error::Unavailable`] if the bucket or the table is unavailable.
    pub async fn get(
        &self,
        scope: &OrgScope,
        project: ProjectId,
        file: FileId,
        now: Timestamp,
    ) -> Result<DownloadableFile> {
        let (key, row, object) =
            (project_key(scope, project), file_key(scope, project, file), object_key(scope, file));
        // Boxed, because the states of the calls are large.
        let reads = Box::pin(async {
            tokio::join!(self.table.get(&key), self.table.get(&row), self.objects.info(&object))
        });
        let (found, row, info) = reads.await;
        found?.ok_or(NO_PROJECT)?;
        let file = from_row(scope, &row?.ok_or(NO_FILE)?)?;
        info?.ok_or(NO_FILE)?;
        let url = self.objects.download_url(&object, file.name.as_str(), &file.content_type, now).await?;
        Ok(DownloadableFile { file, download: Download::from(url) })
    }

    async fn record(
        &self,
        scope: &OrgScope,
        file: ProjectFile,
        request: Option<&IdempotentRequest>,
    ) -> Result<Outcome<ProjectFile>> {
        let (key, row) = (file_key(scope, file.project_id, file.id), with_file(Row::of(FILE), &file));
        let defect = |_| Error::internal("the id of a new file is taken");
        let commit =
            self.table.transaction().create(&key, row.clone(), defect).idempotent(request, row).commit();
        commit.await?.outcome(file, |row| from_row(scope, row))
    }

    /// Commits the object of a file. If the file was deleted meanwhile, the object is gone too.
    pub(super) async fn commit(&self, scope: &OrgScope, file: &ProjectFile) -> Result<()> {
        let committed = self.objects.commit(&object_key(scope, file.id)).await;
        let row = file_key(scope, file.project_id, file.id);
        match committed {
            Ok(true) => Ok(()),
            _ if self.table.get(&row).await?.is_none() => Ok(()),
            Ok(false) => Err(Error::Unavailable("the object of a file is missing".into())),
            Err(error) => Err(error),
        }
    }
}

/// Returns the key of a file's object. The id of the file is its name, so each object belongs to one file.
pub(super) fn object_key(scope: &OrgScope, file: FileId) -> ObjectKey {
    ObjectKey::new(scope, &file.to_string())
}

/// Sets the attributes of a file.
pub(super) fn with_file(row: Row, file: &ProjectFile) -> Row {
    row.with_text("id", file.id)
        .with_text("projectId", file.project_id)
        .with_text("name", file.name.as_str())
        .with_text("contentType", &file.content_type)
        .with_number("size", file.size)
        .with_text("sha256", &file.sha256)
        .with_text("createdBy", file.created_by.as_str())
        .with_time("createdAt", file.created_at)
}
