//! Rows of files, in the list of their project.

use shared::config::Env;
use shared::domain::{Error, FileName, OrgScope, PageRequest, ResourceId, Result};
use shared::storage::{Aws, Condition, Key, Kind, List, Row, Store, Table};

use super::{FileId, FilePage, ProjectFile};
use crate::ProjectId;
use crate::projects::project_key;

/// Kind of the rows of files, by project and id.
pub(super) const FILE: Kind<2> = Kind::new("FILE");

pub(super) const NO_PROJECT: Error = Error::NotFound(ProjectId::RESOURCE);

pub(super) const NO_FILE: Error = Error::NotFound(FileId::RESOURCE);

/// Files without their bytes, in the table `PROJECTS_TABLE`. For functions that need no bucket.
#[derive(Debug)]
pub struct FileRows(Table);

impl Store for FileRows {
    type Settings = String;

    fn settings(env: &Env<'_>) -> Option<String> {
        env.required("PROJECTS_TABLE")
    }

    fn open(aws: &Aws, table: String) -> Self {
        Self(Table::open(aws, table))
    }
}

impl FileRows {
    /// Returns a page of the project's files, newest first, strongly consistent. Project and files are read concurrently.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the organization has no such project, [`Error::Invalid`] for a bad cursor; otherwise if
    /// `DynamoDB` fails.
    pub async fn list(&self, scope: &OrgScope, project: ProjectId, page: &PageRequest) -> Result<FilePage> {
        let (key, files) = (project_key(scope, project), List::new(scope, FILE, [&project]));
        let (found, files) =
            tokio::join!(self.0.get(&key), self.0.page(&files, page, |row| from_row(scope, row)));
        found?.ok_or(NO_PROJECT)?;
        files.map(Into::into)
    }

    /// Deletes a file. It can't be reached from then on. The function that follows the table's stream deletes its bytes.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the organization has no such project, or the project no such file; otherwise if DynamoDB
    /// fails.
    pub async fn delete(&self, scope: &OrgScope, project: ProjectId, file: FileId) -> Result<()> {
        self.0.get(&project_key(scope, project)).await?.ok_or(NO_PROJECT)?;
        let delete =
            self.0.transaction().delete(&file_key(scope, project, file), Condition::Exists, |_| NO_FILE);
        delete.commit().await.map(drop)
    }
}

/// Returns the key of a file.
pub(super) fn file_key(scope: &OrgScope, project: ProjectId, file: FileId) -> Key {
    Key::new(scope, FILE, [&project, &file])
}

/// Reads a file from its row, or from that of its upload.
pub(super) fn from_row(scope: &OrgScope, row: &Row) -> Result<ProjectFile> {
    row.format(FILE)?;
    Ok(ProjectFile {
        id: row.parsed("id")?,
        org_id: scope.organization().clone(),
        project_id: row.parsed("projectId")?,
        name: FileName::from_storage(row.text("name")?),
        content_type: row.text("contentType")?.to_owned(),
        size: row.number("size")?,
        sha256: row.text("sha256")?.to_owned(),
        created_by: row.parsed("createdBy")?,
        created_at: row.time("createdAt")?,
    })
}
