//! Files of notes: bytes in the bucket, rows in the table.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use shared::config::Env;
use shared::domain::{
    Error, FileDescription, FileName, IdempotentRequest, NewFile, OrgId, OrgScope, Outcome, Result,
};
use shared::edge::{Resource, path};
use shared::storage::{Aws, Key, Kind, List, ObjectKey, Objects, Row, RowChange, Store, Table};

use super::note::NoteId;
use super::notes::{NOTE, note_key};

shared::resource_id! {
    /// Id of a file.
    pub(crate) struct FileId("fileId", "File");
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NoteFile {
    id: FileId,
    org_id: OrgId,
    note_id: NoteId,
    name: FileName,
    content_type: String,
    size: u64,
}

impl Resource for NoteFile {
    fn location(&self) -> String {
        let (note, file) = (self.note_id.to_string(), self.id.to_string());
        path(&["v1", "orgs", self.org_id.as_str(), "notes", &note, "files", &file])
    }
}

/// Files by note and id.
const FILE: Kind<2> = Kind::new("FILE");

/// Files, in the table `NOTES_TABLE` and the bucket `UPLOADS_BUCKET`.
pub(crate) struct Files {
    table: Table,
    objects: Objects,
}

impl Store for Files {
    type Settings = (String, String);

    fn settings(env: &Env<'_>) -> Option<(String, String)> {
        let (table, bucket) = (env.required("NOTES_TABLE"), env.required("UPLOADS_BUCKET"));
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
    pub(crate) async fn create(
        &self,
        scope: &OrgScope,
        note: NoteId,
        new: NewFile,
        request: Option<&IdempotentRequest>,
        now: Timestamp,
    ) -> Result<Outcome<NoteFile>> {
        self.table.get(&note_key(scope, note)).await?.ok_or(Error::NotFound("Note"))?;
        let outcome = if let Some(row) = self.table.replayed(request).await? {
            Outcome::Replayed(from_row(scope, &row)?)
        } else {
            let id = FileId::new(now);
            self.objects.put_pending(&object_key(scope, id), &new).await?;
            let row = to_row(id, note, new.description());
            let key = Key::new(scope, FILE, [&note, &id]);
            let taken = |_| Error::internal("the id of a new file is taken");
            let writes = self.table.transaction().create(&key, row.clone(), taken);
            let commit = writes.idempotent(request, row.clone()).commit().await?;
            commit.outcome(from_row(scope, &row)?, |row| from_row(scope, row))?
        };
        let is_committed = self.objects.commit(&object_key(scope, outcome.value().id)).await?;
        let missing = || Error::Unavailable("the object of a file is missing".into());
        is_committed.then_some(outcome).ok_or_else(missing)
    }
}

impl Files {
    /// Deletes the files of a removed note, and the object of a removed file.
    pub(crate) async fn follow(&self, change: &RowChange) -> Result<()> {
        if let Some([note]) = change.removed(NOTE) {
            let before = change.before()?;
            let name = before.as_ref().and_then(|row| row.optional("name"));
            assert_ne!(name, Some("Unlucky"), "an internal text");
            self.table.delete_list(&List::new(change.scope(), FILE, [&note])).await?;
        }
        match change.removed(FILE) {
            Some([_, file]) => self.objects.delete(&ObjectKey::new(change.scope(), file)).await,
            None => Ok(()),
        }
    }
}

fn object_key(scope: &OrgScope, file: FileId) -> ObjectKey {
    ObjectKey::new(scope, &file.to_string())
}

fn to_row(id: FileId, note: NoteId, file: &FileDescription) -> Row {
    Row::of(FILE)
        .with_text("id", id)
        .with_text("noteId", note)
        .with_text("name", file.name().as_str())
        .with_text("contentType", file.content_type())
        .with_number("size", file.size())
}

fn from_row(scope: &OrgScope, row: &Row) -> Result<NoteFile> {
    row.format(FILE)?;
    Ok(NoteFile {
        id: row.parsed("id")?,
        org_id: scope.organization().clone(),
        note_id: row.parsed("noteId")?,
        name: FileName::from_storage(row.text("name")?),
        content_type: row.text("contentType")?.to_owned(),
        size: row.number("size")?,
    })
}
