//! Storage of notes and of their unique names.

use shared::config::Env;
use shared::domain::{
    Error, IdempotentRequest, OrgId, OrgScope, Outcome, PageRequest, Result, UserScope, name_key,
};
use shared::edge::{Conditional, Versions};
use shared::storage::{Aws, Condition, Key, Kind, List, Row, Store, Table, Unlisted};

use super::note::{Draft, HolderPage, Note, NoteChange, NoteId, NotePage};

pub(crate) const NOTE: Kind<1> = Kind::new("NOTE");
const NAME: Kind<1> = Kind::new("NAME");
const MOTTO: Unlisted<1> = Unlisted::new("MOTTO");
const DRAFT: Kind<1> = Kind::new("DRAFT");
const MEMBER: Unlisted<1> = Unlisted::new("MEMBER");
const NAME_TAKEN: Error =
    Error::Conflict { field: Some("name"), message: "A note with this name already exists" };

/// Notes, in the table `NOTES_TABLE`.
pub(crate) struct Notes(Table);

impl Store for Notes {
    type Settings = String;

    fn settings(env: &Env<'_>) -> Option<String> {
        env.required("NOTES_TABLE")
    }

    fn open(aws: &Aws, table: String) -> Self {
        Self(Table::open(aws, table))
    }
}

impl Notes {
    pub(crate) async fn list(&self, scope: &OrgScope, page: &PageRequest) -> Result<NotePage> {
        let page = self.0.page(&List::new(scope, NOTE, []), page, |row| from_row(scope, row)).await?;
        Ok(NotePage { notes: page.items, next_cursor: page.next_cursor })
    }

    pub(crate) async fn holders(&self, scope: &OrgScope, page: &PageRequest) -> Result<HolderPage> {
        let list = List::new(scope, NAME, []);
        let page = self.0.page(&list, page, |row| row.text("id").map(str::to_owned)).await?;
        Ok(HolderPage { ids: page.items, next_cursor: page.next_cursor })
    }

    pub(crate) async fn create(
        &self,
        scope: &OrgScope,
        note: Note,
        request: Option<&IdempotentRequest>,
    ) -> Result<Outcome<Note>> {
        let row = to_row(&note);
        let holder = Row::of(NAME).with_text("id", note.id);
        let writes = self.0.transaction().create(&name_holder(scope, &note.name), holder, |_| NAME_TAKEN);
        let writes = writes.create(&note_key(scope, note.id), row.clone(), |_| NAME_TAKEN);
        writes.idempotent(request, row).commit().await?.outcome(note, |row| from_row(scope, row))
    }

    pub(crate) async fn get(&self, scope: &OrgScope, id: NoteId) -> Result<Note> {
        let row = self.0.get(&note_key(scope, id)).await?;
        from_row(scope, &row.ok_or(Error::NotFound("Note"))?)
    }

    pub(crate) async fn update(
        &self,
        scope: &OrgScope,
        id: NoteId,
        change: Conditional<NoteChange>,
        request: Option<&IdempotentRequest>,
    ) -> Result<Outcome<Note>> {
        let before = self.get(scope, id).await?;
        if let Some(row) = self.0.replayed(request).await? {
            return from_row(scope, &row).map(Outcome::Replayed);
        }
        change.versions.check(before.version)?;
        let condition = Condition::Version(before.version);
        let note = before.changed(&change.content);
        let (key, row) = (note_key(scope, id), to_row(&note));
        let writes = self.0.transaction().replace(&key, row.clone(), condition, changed);
        writes.idempotent(request, row).commit().await?.outcome(note, |row| from_row(scope, row))
    }

    pub(crate) async fn delete(&self, scope: &OrgScope, id: NoteId, versions: &Versions) -> Result<()> {
        let note = self.get(scope, id).await?;
        versions.check(note.version)?;
        let key = note_key(scope, id);
        let writes = self.0.transaction().delete(&key, Condition::Version(note.version), changed);
        let writes = writes.delete(&name_holder(scope, &note.name), Condition::Exists, changed);
        writes.commit().await.map(drop)
    }

    pub(crate) async fn put_motto(&self, scope: &OrgScope, text: &str) -> Result<()> {
        let row = Row::of(MOTTO).with_text("text", text);
        let writes = self.0.transaction().put_any(&Key::new(scope, MOTTO, [&"-"]), row);
        writes.commit().await.map(drop)
    }

    pub(crate) async fn create_draft(
        &self,
        scope: &UserScope,
        draft: Draft,
        request: Option<&IdempotentRequest>,
    ) -> Result<Outcome<Draft>> {
        let row = Row::of(DRAFT).with_text("id", draft.id).with_text("name", &draft.name);
        let key = Key::new(scope, DRAFT, [&draft.id]);
        let writes = self.0.transaction().create(&key, row.clone(), changed).idempotent(request, row);
        writes
            .commit()
            .await?
            .outcome(draft, |row| Ok(Draft { id: row.parsed("id")?, name: row.text("name")?.to_owned() }))
    }

    pub(crate) async fn has_member(&self, user: &UserScope, organization: &OrgId) -> Result<bool> {
        let key = Key::new(user, MEMBER, [&organization.as_str()]);
        Ok(self.0.get(&key).await?.is_some())
    }
}

/// Returns the error of a write whose row has changed since it was read.
fn changed(row: Option<Row>) -> Error {
    let Some(row) = row else { return Error::NotFound("Note") };
    row.number("version").map_or_else(|error| error, |current| Error::VersionMismatch { current })
}

pub(crate) fn note_key(scope: &OrgScope, id: NoteId) -> Key {
    Key::new(scope, NOTE, [&id])
}

fn name_holder(scope: &OrgScope, name: &str) -> Key {
    Key::new(scope, NAME, [&name_key(name)])
}

fn to_row(note: &Note) -> Row {
    Row::of(NOTE)
        .with_text("id", note.id)
        .with_text("name", &note.name)
        .with_optional("text", note.text.as_ref())
        .with_number("version", note.version)
        .with_text("createdBy", note.created_by.as_str())
        .with_time("createdAt", note.created_at)
}

fn from_row(scope: &OrgScope, row: &Row) -> Result<Note> {
    row.format(NOTE)?;
    Ok(Note {
        id: row.parsed("id")?,
        org_id: scope.organization().clone(),
        name: row.text("name")?.to_owned(),
        text: row.optional("text").map(str::to_owned),
        version: row.number("version")?,
        created_by: row.parsed("createdBy")?,
        created_at: row.time("createdAt")?,
    })
}
