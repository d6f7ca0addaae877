//! Notes, and the bodies of their requests.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::time::serialize_millis;
use shared::domain::validation::{Input, Patch};
use shared::domain::{CallerScope, Cursor, OrgId, OrgScope, UserId};
use shared::edge::{Resource, path};

shared::resource_id! {
    /// Id of a note.
    pub(crate) struct NoteId("noteId", "Note");
}

#[derive(Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Note {
    pub(crate) id: NoteId,
    pub(crate) org_id: OrgId,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    pub(crate) version: u64,
    pub(crate) created_by: UserId,
    #[serde(serialize_with = "serialize_millis")]
    pub(crate) created_at: Timestamp,
}

#[derive(Serialize, Input, JsonSchema)]
pub(crate) struct NewNote {
    #[input(trim)]
    #[validate(length(min = 1, max = 100))]
    pub(crate) name: String,
    #[validate(length(max = 500))]
    pub(crate) text: Option<String>,
}

#[derive(Serialize, Input, JsonSchema)]
pub(crate) struct NoteChange {
    #[validate(length(max = 500))]
    pub(crate) text: Patch<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotePage {
    pub(crate) notes: Vec<Note>,
    pub(crate) next_cursor: Option<Cursor>,
}

/// Page of the rows that reserve names.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HolderPage {
    pub(crate) ids: Vec<String>,
    pub(crate) next_cursor: Option<Cursor>,
}

/// Note of one user, in no organization.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Draft {
    pub(crate) id: NoteId,
    pub(crate) name: String,
}

impl Note {
    pub(crate) fn create(scope: &OrgScope, new: NewNote, now: Timestamp) -> Self {
        Self {
            id: NoteId::new(now),
            org_id: scope.organization().clone(),
            name: new.name,
            text: new.text,
            version: 1,
            created_by: scope.user().clone(),
            created_at: now,
        }
    }

    pub(crate) fn changed(self, change: &NoteChange) -> Self {
        Self { text: change.text.apply(self.text.as_ref()), version: self.version + 1, ..self }
    }
}

impl Draft {
    pub(crate) fn create(new: NewNote, now: Timestamp) -> Self {
        Self { id: NoteId::new(now), name: new.name }
    }
}

impl Resource for Note {
    const VERSION: Option<fn(&Self) -> u64> = Some(|note| note.version);

    fn location(&self) -> String {
        path(&["v1", "orgs", self.org_id.as_str(), "notes", &self.id.to_string()])
    }
}

impl Resource for Draft {
    fn location(&self) -> String {
        path(&["v1", "drafts", &self.id.to_string()])
    }
}
