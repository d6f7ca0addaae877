//! Projects, and the input of a new one.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::time::serialize_millis;
use shared::domain::validation::{Input, Patch, ValidationError};
use shared::domain::{CallerScope, Cursor, OrgId, OrgScope, Page, UserId};
use shared::edge::{Resource, path};

shared::resource_id! {
    /// Id of a project.
    pub struct ProjectId("projectId", "Project");
}

/// Project of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    /// Id, which sorts by creation time.
    pub id: ProjectId,
    /// Organization that the project belongs to.
    pub org_id: OrgId,
    /// Name, unique in the organization without regard to case, width and invisible characters.
    pub name: String,
    /// Description in a few words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Color, as `#` and six hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Version: 1 at first, one more after each change.
    pub version: u64,
    /// User who created the project.
    pub created_by: UserId,
    /// Time of creation.
    #[serde(serialize_with = "serialize_millis")]
    pub created_at: Timestamp,
    /// Time of the last change.
    #[serde(serialize_with = "serialize_millis")]
    pub updated_at: Timestamp,
}

impl Project {
    /// Makes the project that a caller creates in their organization at `now`.
    #[must_use]
    pub fn create(scope: &OrgScope, new: NewProject, now: Timestamp) -> Self {
        Self {
            id: ProjectId::new(now),
            org_id: scope.organization().clone(),
            name: new.name,
            description: new.description,
            color: new.color,
            version: 1,
            created_by: scope.user().clone(),
            created_at: now,
            updated_at: now,
        }
    }

    /// Returns the project after a change at `now`, with the next version. A change without effect returns it unchanged.
    #[must_use]
    pub fn changed(&self, change: &ProjectChange, now: Timestamp) -> Self {
        let project = Self {
            name: change.name.clone().unwrap_or_else(|| self.name.clone()),
            description: change.description.apply(self.description.as_ref()),
            color: change.color.apply(self.color.as_ref()),
            ..self.clone()
        };
        if project == *self {
            project
        } else {
            let updated_at = now.max(self.updated_at);
            Self { version: self.version + 1, updated_at, ..project }
        }
    }
}

impl Resource for Project {
    const VERSION: Option<fn(&Self) -> u64> = Some(|project| project.version);

    fn location(&self) -> String {
        path(&["v1", "orgs", self.org_id.as_str(), "projects", &self.id.to_string()])
    }
}

/// Project to be created. Lengths count Unicode scalar values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Input, JsonSchema)]
pub struct NewProject {
    /// Name, which is trimmed and has at least one visible character. It is unique in the organization without regard to
    /// case, width and invisible characters.
    #[input(trim)]
    #[validate(length(min = 1, max = 100))]
    name: String,
    /// Description in a few words.
    #[validate(length(max = 500))]
    description: Option<String>,
    /// Color, as `#` and six hexadecimal digits.
    #[validate(custom(function = "hex_color"))]
    #[schemars(regex(pattern = "^#[0-9A-Fa-f]{6}$"))]
    color: Option<String>,
}

/// Change of a project, as a merge patch: an absent field stays, and `null` removes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Input, JsonSchema)]
pub struct ProjectChange {
    /// Name, as that of a new project. It can't be removed.
    #[input(trim)]
    #[validate(length(min = 1, max = 100))]
    name: Option<String>,
    /// Description in a few words.
    #[validate(length(max = 500))]
    description: Patch<String>,
    /// Color, as `#` and six hexadecimal digits.
    #[validate(custom(function = "hex_color"))]
    #[schemars(regex(pattern = "^#[0-9A-Fa-f]{6}$"))]
    color: Patch<String>,
}

fn hex_color(text: &str) -> Result<(), ValidationError> {
    let digits = text.strip_prefix('#').unwrap_or_default();
    let fits = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let refusal =
        || ValidationError::new("invalid_format").with_message("Color must be # and six hex digits".into());
    fits.then_some(()).ok_or_else(refusal)
}

/// Page of an organization's projects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectPage {
    /// Projects, newest first.
    pub projects: Vec<Project>,
    /// Cursor to the next page; null on the last one.
    pub next_cursor: Option<Cursor>,
}

impl From<Page<Project>> for ProjectPage {
    fn from(Page { items, next_cursor }: Page<Project>) -> Self {
        Self { projects: items, next_cursor }
    }
}

#[cfg(test)]
#[path = "input_tests.rs"]
mod tests;
