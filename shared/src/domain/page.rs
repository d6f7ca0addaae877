//! Pages of a list, and the opaque cursor to the next page.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::validation::{Input, IssueCode, Issues, ValidationError};
use super::{Error, Result};

/// Page that a caller requests, from the query parameters `limit` (1 to 100, default 20) and `cursor`.
///
/// ```
/// use serde_json::json;
/// use shared::domain::validation::{Source, parse};
/// use shared::domain::{Error, PageRequest};
///
/// let page: PageRequest = parse(json!({"limit": "50"}), Source::Text).map_err(Error::Invalid)?;
/// assert_eq!(page.limit(), 50);
/// # Ok::<(), Error>(())
/// ```
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

/// Refuses a cursor of another form together with all other issues. [`PageRequest::after`] refuses one of another list.
fn cursor_form(text: &str) -> Result<(), ValidationError> {
    let refusal = || ValidationError::new("invalid_format").with_message("Invalid cursor".into());
    parts(text).map(drop).ok_or_else(refusal)
}

impl PageRequest {
    /// Returns the maximum number of items, 1 to 100.
    #[must_use]
    pub fn limit(&self) -> u8 {
        self.limit
    }

    /// Returns the place after which the page starts, parsed by `read`; `None` for the first page.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a cursor of another list, or with a place that `read` can't parse: cursors can be forged.
    pub(crate) fn after<T>(
        &self,
        partition: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let read = open(cursor, partition).and_then(|place| read(&place));
        let refusal = || Error::Invalid(Issues::one("cursor", IssueCode::InvalidFormat, "Invalid cursor"));
        read.map(Some).ok_or_else(refusal)
    }
}

/// Page of a list.
///
/// A resource turns it into its response:
///
/// ```
/// use serde::Serialize;
/// use shared::domain::{Cursor, Page};
///
/// #[derive(Serialize)]
/// #[serde(rename_all = "camelCase")]
/// struct NotePage {
///     notes: Vec<String>,
///     next_cursor: Option<Cursor>,
/// }
///
/// impl From<Page<String>> for NotePage {
///     fn from(Page { items, next_cursor }: Page<String>) -> Self {
///         Self { notes: items, next_cursor }
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// Items in the order of the list.
    pub items: Vec<T>,
    /// Cursor to the next page; `None` on the last one.
    pub next_cursor: Option<Cursor>,
}

/// Opaque place in a list.
///
/// A check value in it detects damaged cursors and those of another list. It is not a secret: every page is read within
/// the caller's own scope, so a forged cursor gives access to nothing else.
///
/// A list makes its cursors. An application only passes them on, in a field of its response:
///
/// ```
/// use shared::domain::{Cursor, Page};
///
/// fn next(page: Page<String>) -> Option<Cursor> {
///     page.next_cursor
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(description = "Opaque place in a list, for the `cursor` of the next request.")]
pub struct Cursor(String);

/// Length of the check value in bytes.
const CHECK_BYTES: usize = 8;

impl Cursor {
    /// Returns the cursor to the items after `place`, which is not empty, in this list.
    #[must_use]
    pub(crate) fn new(partition: &str, place: &str) -> Self {
        Self(URL_SAFE_NO_PAD.encode([&check(partition, place), place.as_bytes()].concat()))
    }
}

fn check(partition: &str, place: &str) -> [u8; CHECK_BYTES] {
    let mut hash = Sha256::new();
    for part in [partition, place] {
        // The length keeps parts from running into each other.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    std::array::from_fn(|index| digest[index])
}

fn open(cursor: &str, partition: &str) -> Option<String> {
    let (found, place) = parts(cursor)?;
    (found == check(partition, &place)).then_some(place)
}

/// Decodes a cursor into check value and place.
fn parts(cursor: &str) -> Option<([u8; CHECK_BYTES], String)> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (found, place) = bytes.split_first_chunk::<CHECK_BYTES>()?;
    let place = String::from_utf8(place.to_vec()).ok().filter(|place| !place.is_empty())?;
    Some((*found, place))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LAST: &str = "01900000-0000-7000-8000-000000000001";

    fn place(cursor: &str, partition: &str) -> Option<String> {
        let page = PageRequest { limit: 20, cursor: Some(cursor.to_owned()) };
        page.after(partition, |place| Some(place.to_owned())).ok()?
    }

    proptest! {
        #[test]
        fn cursor_leads_back_to_its_place(last in "\\PC{1,60}") {
            let cursor = Cursor::new("ORG#acme#NOTE", &last);
            prop_assert_eq!(place(&cursor.0, "ORG#acme#NOTE"), Some(last));
        }

        #[test]
        fn other_text_is_refused(text in "\\PC{0,60}") {
            prop_assert!(place(&text, "ORG#acme#NOTE").is_none());
        }

        #[test]
        fn changed_cursor_is_refused(position in 0..58_usize, letter in "[A-Za-z0-9_-]") {
            let cursor = Cursor::new("ORG#acme#NOTE", LAST).0;
            let mut mangled = cursor.clone();
            mangled.replace_range(position..=position, &letter);
            prop_assert_eq!(place(&mangled, "ORG#acme#NOTE").is_some(), mangled == cursor);
        }
    }

    #[test]
    fn cursor_of_another_list_is_refused() {
        let cursor = Cursor::new("ORG#acme#NOTE", LAST).0;
        for partition in ["ORG#umbrella#NOTE", "ORG#acme#FILE", "ORG#acme#NOTE#1"] {
            assert_eq!(place(&cursor, partition), None, "{partition}");
        }
        let shifted = Cursor::new("ORG#acme#NOT", &format!("E{LAST}")).0;
        assert_eq!(place(&shifted, "ORG#acme#NOTE"), None);
    }

    #[test]
    fn invalid_place_is_refused() {
        let page = PageRequest { limit: 20, cursor: Some(Cursor::new("ORG#acme#NOTE", LAST).0) };
        assert!(page.after("ORG#acme#NOTE", |_| None::<()>).is_err());
    }
}
