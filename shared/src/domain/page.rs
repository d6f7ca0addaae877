//! Pages of a list: how many items, from where, and the opaque cursor to the next page.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::validation::{Input, IssueCode, Issues, ValidationError};
use super::{Error, Result, Scope};

/// Page that a caller asks for.
#[derive(Clone, Debug, PartialEq, Eq, Input, JsonSchema)]
pub struct PageRequest {
    /// Maximum number of items on the page.
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

/// Refuses a cursor of another form, along with everything else; [`PageRequest::after`] refuses one of another list.
fn cursor_form(text: &str) -> std::result::Result<(), ValidationError> {
    let refusal = || ValidationError::new("invalid_format").with_message("Invalid cursor".into());
    parts(text).map(drop).ok_or_else(refusal)
}

impl PageRequest {
    /// Maximum number of items, 1 to 100.
    #[must_use]
    pub fn limit(&self) -> u8 {
        self.limit
    }

    /// Returns the place after which the page of this list starts; `None` for the first page.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a cursor that was not made for this scope and list.
    pub fn after(&self, scope: &impl Scope, list: &str) -> Result<Option<String>> {
        let refusal = || Error::Invalid(Issues::one("cursor", IssueCode::InvalidFormat, "Invalid cursor"));
        self.cursor.as_deref().map(|cursor| open(cursor, scope, list).ok_or_else(refusal)).transpose()
    }
}

/// Page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Items in the order of the list.
    pub items: Vec<T>,
    /// Cursor to the next page; `None` on the last one.
    pub next_cursor: Option<Cursor>,
}

/// Opaque place in a list of one scope.
///
/// It holds a check value, by which a mangled cursor and one of another list are refused. The check is no secret and needs
/// to be none: a page is always read with the caller's own scope as the key, so even a forged cursor reaches nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Cursor(String);

/// Length of the check value in bytes.
const CHECK_BYTES: usize = 8;

impl Cursor {
    /// Returns the cursor to what comes after the item at `place`, which is not empty, in this list of the scope.
    #[must_use]
    pub fn new(scope: &impl Scope, list: &str, place: &str) -> Self {
        Self(URL_SAFE_NO_PAD.encode([&check(scope, list, place), place.as_bytes()].concat()))
    }
}

fn check(scope: &impl Scope, list: &str, place: &str) -> [u8; CHECK_BYTES] {
    let mut hash = Sha256::new();
    for part in [&scope.partition(), list, place] {
        // With its length no part can run into the next.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    std::array::from_fn(|index| digest[index])
}

fn open(cursor: &str, scope: &impl Scope, list: &str) -> Option<String> {
    let (found, place) = parts(cursor)?;
    (found == check(scope, list, &place)).then_some(place)
}

/// The check value and the place that a cursor holds.
fn parts(cursor: &str) -> Option<([u8; CHECK_BYTES], String)> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (found, place) = bytes.split_first_chunk::<CHECK_BYTES>()?;
    let place = String::from_utf8(place.to_vec()).ok().filter(|place| !place.is_empty())?;
    Some((*found, place))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Caller, OrgId, OrgScope, UserId};
    use super::*;

    const LAST: &str = "01900000-0000-7000-8000-000000000001";

    fn scope(organization: &str) -> OrgScope {
        let organizations = OrgId::parse(organization).into_iter().collect();
        Caller::new(UserId::parse("alice").unwrap(), organizations).authorize_org(organization).unwrap()
    }

    fn page(cursor: &str) -> PageRequest {
        PageRequest { limit: 20, cursor: Some(cursor.to_owned()) }
    }

    proptest! {
        #[test]
        fn a_cursor_leads_back_to_its_place(last in "\\PC{1,60}") {
            let cursor = Cursor::new(&scope("acme"), "NOTE#", &last);
            prop_assert_eq!(page(&cursor.0).after(&scope("acme"), "NOTE#").unwrap(), Some(last));
        }

        #[test]
        fn any_other_text_is_no_cursor(text in "\\PC{0,60}") {
            prop_assert!(page(&text).after(&scope("acme"), "NOTE#").is_err());
        }

        #[test]
        fn a_changed_cursor_is_refused(position in 0..58_usize, letter in "[A-Za-z0-9_-]") {
            let cursor = Cursor::new(&scope("acme"), "NOTE#", LAST).0;
            let mut mangled = cursor.clone();
            mangled.replace_range(position..=position, &letter);
            prop_assert_eq!(page(&mangled).after(&scope("acme"), "NOTE#").is_ok(), mangled == cursor);
        }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let cursor = page(&Cursor::new(&scope("acme"), "NOTE#", LAST).0);
        assert!(cursor.after(&scope("umbrella"), "NOTE#").is_err());
        assert!(cursor.after(&scope("acme"), "FILE#").is_err());
        let shifted = page(&Cursor::new(&scope("acme"), "NOTE", &format!("#{LAST}")).0);
        assert!(shifted.after(&scope("acme"), "NOTE#").is_err());
    }
}
