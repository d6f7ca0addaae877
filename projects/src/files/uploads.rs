//! Uploads without this service in between: begun here, put into the bucket by the client, and finished here.
//!
//! An `UPLOAD` row has the file's metadata from the beginning on. To finish it, one transaction writes the `FILE` row and
//! the next version of the `UPLOAD` row. So an upload becomes a file once, even if that file is deleted, and its bytes are
//! deleted only if it can't become one any more. An upload that is never finished leaves a row, which expires after 24
//! hours, and a pending object, which the bucket deletes.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use shared::domain::{
    Error, FileDescription, IdempotentRequest, OrgScope, Outcome, ResourceId, Result, begins_as,
};
use shared::storage::{AttributeValue, Condition, Key, Row, Unlisted};

use super::rows::{FILE, NO_PROJECT, file_key, from_row};
use super::store::{Files, object_key, with_file};
use super::{ProjectFile, Upload, UploadId};
use crate::ProjectId;
use crate::projects::project_key;

/// Kind of the rows of uploads, by project and id.
const UPLOAD: Unlisted<2> = Unlisted::new("UPLOAD");

/// Kind of the rows that are recorded for equal requests.
const RESPONSE: Unlisted<1> = Unlisted::new("UPLOADRESPONSE");

/// Time in which an upload can be finished.
const LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// Bytes of a file that its type is confirmed by.
const BEGINNING: usize = 64 * 1024;

const NO_UPLOAD: Error = Error::NotFound(UploadId::RESOURCE);

const NOT_UPLOADED: Error =
    Error::Conflict { field: Some("uploadId"), message: "The file's bytes have not been uploaded yet" };

const OVERTAKEN: Error =
    Error::Conflict { field: None, message: "Another request is finishing this upload, try again" };

/// Version of an upload's row at first.
const BEGUN: u64 = 1;

/// Version of an upload's row after it became a file.
const FINISHED: u64 = 2;

/// Version of an upload's row after its bytes turned out to be of another type.
const REJECTED: u64 = 3;

impl Files {
    /// Begins an upload to a project at `now`, once for equal requests with a key.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the organization has no such project. [`Error::Unprocessable`] if the request's key was used
    /// for another request. [`Error::Unavailable`] if the table is unavailable.
    pub async fn begin_upload(
        &self,
        scope: &OrgScope,
        project: ProjectId,
        new: FileDescription,
        request: Option<&IdempotentRequest>,
        now: Timestamp,
    ) -> Result<Outcome<Upload>> {
        let Self { table, objects } = self;
        let key = project_key(scope, project);
        let (found, replayed) = tokio::join!(table.get(&key), table.replayed(request));
        found?.ok_or(NO_PROJECT)?;
        if let Some(row) = replayed? {
            return recorded(&row).map(Outcome::Replayed);
        }
        let file = ProjectFile::create(scope, project, &new, now);
        let url = objects.upload_url(&object_key(scope, file.id), &new, now).await?;
        let upload = Upload::new(file.id.into(), url);
        let row = with_file(Row::of(UPLOAD), &file).with_number("version", BEGUN).with_expiry(now + LIFETIME);
        let defect = |_| Error::internal("the id of a new upload is taken");
        let writes = table.transaction().create(&upload_key(scope, project, upload.id), row, defect);
        let commit = writes.idempotent(request, record(&upload)).commit().await?;
        commit.outcome(upload, recorded)
    }

    /// Makes a file of an upload at `now`, if its bytes are in the bucket and of its type. Returns the same file again to
    /// later requests.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] if the organization has no such project, or the project no such upload of the last 24 hours.
    /// [`Error::Conflict`] if the bytes are not in the bucket yet. [`Error::Unprocessable`] if they are of another type;
    /// then they are deleted. [`Error::Unavailable`] if the bucket or the table is unavailable.
    pub async fn finish_upload(
        &self,
        scope: &OrgScope,
        project: ProjectId,
        upload: UploadId,
        now: Timestamp,
    ) -> Result<ProjectFile> {
        // Boxed, because the state of the future is large.
        match Box::pin(self.finish_once(scope, project, upload, now)).await {
            // The other request may have finished it.
            Err(Error::Conflict { field: None, .. }) => {
                Box::pin(self.finish_once(scope, project, upload, now)).await
            }
            finished => finished,
        }
    }

    async fn finish_once(
        &self,
        scope: &OrgScope,
        project: ProjectId,
        upload: UploadId,
        now: Timestamp,
    ) -> Result<ProjectFile> {
        let table = &self.table;
        let (key, begun, finished) = (
            project_key(scope, project),
            upload_key(scope, project, upload),
            file_key(scope, project, upload.into()),
        );
        let (found, begun, finished) = tokio::join!(table.get(&key), table.get(&begun), table.get(&finished));
        found?.ok_or(NO_PROJECT)?;
        let begun = begun?.ok_or(NO_UPLOAD)?;
        if begun.number::<i64>("expiresAt")? <= now.as_second() {
            return Err(NO_UPLOAD);
        }
        let file = match (begun.number("version")?, finished?) {
            (BEGUN, _) => self.record_upload(scope, begun).await?,
            (FINISHED, Some(row)) => from_row(scope, &row)?,
            (FINISHED, None) => self.finished(scope, project, upload).await?,
            (REJECTED, _) => return Err(self.delete_bytes(scope, upload, Error::WRONG_TYPE).await),
            _ => return Err(Error::internal("an upload has an unknown version")),
        };
        self.commit(scope, &file).await?;
        // If another request deleted the file meanwhile, the client may have put the bytes again before the commit.
        self.finished(scope, project, upload).await
    }

    /// Reads the file of a finished upload. If it was deleted, deletes bytes that the client may have put again.
    async fn finished(&self, scope: &OrgScope, project: ProjectId, upload: UploadId) -> Result<ProjectFile> {
        match self.table.get(&file_key(scope, project, upload.into())).await? {
            Some(row) => from_row(scope, &row),
            None => Err(self.delete_bytes(scope, upload, NO_UPLOAD).await),
        }
    }

    /// Writes the row of the file, if its bytes are as they should be. Rejects the upload if they are of another type.
    async fn record_upload(&self, scope: &OrgScope, begun: Row) -> Result<ProjectFile> {
        let file = from_row(scope, &begun)?;
        let is_confirmed = self.is_confirmed(scope, &file).await?;
        let upload = upload_key(scope, file.project_id, file.id.into());
        let row = begun.with_number("version", if is_confirmed { FINISHED } else { REJECTED });
        let writes = self.table.transaction();
        let writes = writes.replace(&upload, row, Condition::Version(BEGUN), |_| OVERTAKEN);
        if !is_confirmed {
            writes.commit().await?;
            return Err(self.delete_bytes(scope, file.id.into(), Error::WRONG_TYPE).await);
        }
        let key = file_key(scope, file.project_id, file.id);
        writes.create(&key, with_file(Row::of(FILE), &file), |_| OVERTAKEN).commit().await?;
        Ok(file)
    }

    /// Returns `true` if the bytes are in the bucket with their size and SHA-256, and of their type.
    async fn is_confirmed(&self, scope: &OrgScope, file: &ProjectFile) -> Result<bool> {
        let (objects, key) = (&self.objects, object_key(scope, file.id));
        let (info, beginning) = tokio::join!(objects.info(&key), objects.beginning(&key, BEGINNING));
        let info = info?.ok_or(NOT_UPLOADED)?;
        let sha256 =
            info.sha256.ok_or_else(|| Error::Unavailable("the bucket returned no checksum".into()))?;
        let is_expected = (info.size, &sha256) == (file.size, &file.sha256);
        let beginning = beginning?.filter(|_| is_expected).ok_or(NOT_UPLOADED)?;
        let is_whole = file.size <= BEGINNING as u64;
        // Clients would decode other bytes from encoded ones.
        Ok(!info.is_encoded && begins_as(&file.content_type, &beginning, is_whole))
    }

    /// Deletes the bytes of an upload that can't become a file any more. Returns `reason`, or the error of the deletion.
    async fn delete_bytes(&self, scope: &OrgScope, upload: UploadId, reason: Error) -> Error {
        self.objects.delete(&object_key(scope, upload.into())).await.err().unwrap_or(reason)
    }
}

fn upload_key(scope: &OrgScope, project: ProjectId, upload: UploadId) -> Key {
    Key::new(scope, UPLOAD, [&project, &upload])
}

/// Returns the row of a response, for equal requests.
fn record(upload: &Upload) -> Row {
    let headers = upload.headers.iter().map(|(name, value)| (name.clone(), AttributeValue::S(value.clone())));
    Row::of(RESPONSE)
        .with_text("id", upload.id)
        .with_text("url", &upload.url)
        .with_text("method", &upload.method)
        .with("headers", AttributeValue::M(headers.collect()))
        .with_time("expiresAt", upload.expires_at)
}

/// Reads a response from its row.
fn recorded(row: &Row) -> Result<Upload> {
    row.format(RESPONSE)?;
    let headers = match row.get("headers") {
        Some(AttributeValue::M(headers)) => texts(headers),
        _ => BTreeMap::new(),
    };
    Ok(Upload {
        id: row.parsed("id")?,
        url: row.text("url")?.to_owned(),
        method: row.text("method")?.to_owned(),
        headers,
        expires_at: row.time("expiresAt")?,
    })
}

fn texts(attributes: HashMap<String, AttributeValue>) -> BTreeMap<String, String> {
    let text = |value| if let AttributeValue::S(text) = value { Some(text) } else { None };
    attributes.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect()
}
