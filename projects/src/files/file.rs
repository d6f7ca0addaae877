//! Metadata of files.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::time::serialize_millis;
use shared::domain::{CallerScope, Cursor, FileDescription, FileName, OrgId, OrgScope, Page, UserId};
use shared::edge::{Resource, path};

use crate::ProjectId;

shared::resource_id! {
    /// Id of a file.
    pub struct FileId("fileId", "File");
}

shared::resource_id! {
    /// Id of an upload, which becomes that of its file.
    pub struct UploadId("uploadId", "Upload");
}

impl From<UploadId> for FileId {
    fn from(upload: UploadId) -> Self {
        Self(upload.0)
    }
}

impl From<FileId> for UploadId {
    fn from(file: FileId) -> Self {
        Self(file.0)
    }
}

/// File of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectFile {
    /// Id, which sorts by creation time.
    pub id: FileId,
    /// Organization that the file belongs to.
    pub org_id: OrgId,
    /// Project that the file belongs to.
    pub project_id: ProjectId,
    /// Name that its sender gave it, without path, control characters and invisible characters.
    pub name: FileName,
    /// Media type, confirmed by the bytes.
    pub content_type: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of the bytes, in lower-case hexadecimal digits.
    pub sha256: String,
    /// User who uploaded the file.
    pub created_by: UserId,
    /// Time at which the upload began.
    #[serde(serialize_with = "serialize_millis")]
    pub created_at: Timestamp,
}

impl ProjectFile {
    /// Makes the metadata of a file whose upload to a project begins at `now`.
    #[must_use]
    pub fn create(scope: &OrgScope, project_id: ProjectId, new: &FileDescription, now: Timestamp) -> Self {
        Self {
            id: FileId::new(now),
            org_id: scope.organization().clone(),
            project_id,
            name: new.name().clone(),
            content_type: new.content_type().to_owned(),
            size: new.size(),
            sha256: new.sha256_hex(),
            created_by: scope.user().clone(),
            created_at: now,
        }
    }
}

impl Resource for ProjectFile {
    fn location(&self) -> String {
        let (project, file) = (self.project_id.to_string(), self.id.to_string());
        path(&["v1", "orgs", self.org_id.as_str(), "projects", &project, "files", &file])
    }
}

/// Page of a project's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FilePage {
    /// Files, newest first.
    pub files: Vec<ProjectFile>,
    /// Cursor to the next page; null on the last one.
    pub next_cursor: Option<Cursor>,
}

impl From<Page<ProjectFile>> for FilePage {
    fn from(Page { items, next_cursor }: Page<ProjectFile>) -> Self {
        Self { files: items, next_cursor }
    }
}
