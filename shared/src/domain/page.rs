//! Pages of a list: how many, from where, and the opaque cursor to the next one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::validation::{Input, IssueCode, Issues, ValidationError};
use super::{Error, OrgId, OrgScope, Project, ProjectId, Result};

/// Which page a caller asks for.
#[derive(Clone, Debug, PartialEq, Eq, Input)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct PageRequest {
    /// Maximum number of projects on the page.
    #[serde(default = "usual_limit")]
    #[validate(range(min = 1, max = 100))]
    limit: u8,
    /// The `nextCursor` of the page before.
    #[validate(custom(function = "cursor_form"))]
    cursor: Option<String>,
}

fn usual_limit() -> u8 {
    20
}

/// What is nobody's cursor is refused along with everything else; whose it is, [`PageRequest::after`] tells.
fn cursor_form(text: &str) -> std::result::Result<(), ValidationError> {
    let refusal = || ValidationError::new("invalid_format").with_message("Invalid cursor".into());
    parts(text).map(drop).ok_or_else(refusal)
}

impl PageRequest {
    /// How many items the page may have, 1 to 100.
    #[must_use]
    pub fn limit(&self) -> u8 {
        self.limit
    }

    /// The project after which the page starts; nothing for the first page.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a cursor that was not made for this organization.
    pub fn after(&self, scope: &OrgScope) -> Result<Option<ProjectId>> {
        let open = |cursor| open(cursor, scope.organization());
        let refusal = || Error::Invalid(Issues::one("cursor", IssueCode::InvalidFormat, "Invalid cursor"));
        self.cursor.as_deref().map(|cursor| open(cursor).ok_or_else(refusal)).transpose()
    }
}

/// A page of an organization's projects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ProjectPage {
    /// The projects, newest first.
    pub projects: Vec<Project>,
    /// The cursor to the next page; nothing on the last one.
    pub next_cursor: Option<Cursor>,
}

/// An opaque place in the list of one organization's projects.
///
/// It holds a project's id and a check value over the organization and that id, so that a mangled cursor, or one of
/// another organization, is refused. The check is no secret and needs to be none: a page is always read with the
/// caller's own organization as the key, so even a forged cursor reaches nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Cursor(String);

/// How many bytes of the check value a cursor carries.
const CHECK_BYTES: usize = 8;

impl Cursor {
    /// The cursor to what comes after `last`.
    #[must_use]
    pub fn after(last: ProjectId, scope: &OrgScope) -> Self {
        let mut bytes = last.as_bytes().to_vec();
        bytes.extend(check(last, scope.organization()));
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }
}

fn check(id: ProjectId, organization: &OrgId) -> [u8; CHECK_BYTES] {
    let digest = Sha256::new()
        .chain_update(b"projects-cursor")
        .chain_update(id.as_bytes())
        .chain_update(organization.as_str())
        .finalize();
    std::array::from_fn(|index| digest[index])
}

fn open(cursor: &str, organization: &OrgId) -> Option<ProjectId> {
    let (id, found) = parts(cursor)?;
    (found == check(id, organization)).then_some(id)
}

/// The id and the check value that a cursor holds.
fn parts(cursor: &str) -> Option<(ProjectId, [u8; CHECK_BYTES])> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (id, found) = bytes.split_first_chunk::<16>()?;
    Some((ProjectId::from_bytes(*id), found.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::super::{Caller, UserId};
    use super::*;

    fn scope(organization: &str) -> OrgScope {
        let organizations = OrgId::parse(organization).into_iter().collect();
        Caller::new(UserId::parse("alice").unwrap(), organizations).enter(organization).unwrap()
    }

    fn page(cursor: &str) -> PageRequest {
        PageRequest { limit: 20, cursor: Some(cursor.to_owned()) }
    }

    proptest! {
        #[test]
        fn a_cursor_leads_back_to_its_place(bytes: [u8; 16]) {
            let id = ProjectId::from_bytes(bytes);
            let cursor = Cursor::after(id, &scope("acme"));
            prop_assert_eq!(page(&cursor.0).after(&scope("acme")).unwrap(), Some(id));
        }

        #[test]
        fn any_other_text_is_no_cursor(text in "\\PC{0,60}") {
            prop_assert!(page(&text).after(&scope("acme")).is_err());
        }

        #[test]
        fn a_cursor_with_one_character_changed_is_refused(position in 0..32_usize, letter in "[A-Za-z0-9_-]") {
            let cursor = Cursor::after(ProjectId::new(Timestamp::UNIX_EPOCH), &scope("acme")).0;
            let mut mangled = cursor.clone();
            mangled.replace_range(position..=position, &letter);
            prop_assert_eq!(page(&mangled).after(&scope("acme")).is_ok(), mangled == cursor);
        }
    }

    #[test]
    fn a_cursor_of_another_organization_is_refused() {
        let cursor = Cursor::after(ProjectId::new(Timestamp::UNIX_EPOCH), &scope("acme"));
        assert!(page(&cursor.0).after(&scope("umbrella")).is_err());
    }
}
