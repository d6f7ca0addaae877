//! Ids. The token's issuer chooses those of organizations and users. Resources get a `UUIDv7` (RFC 9562), so their ids
//! sort by creation time.

use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::{NoContext, Uuid};

use super::ParseError;

/// Maximum length of an organization or user id in bytes. `OpenID` Connect Core, section 2, allows a `sub` of 255.
const MAX_FOREIGN_ID_BYTES: usize = 255;

/// Checks that a text is 1 to 255 bytes without control characters.
fn foreign_id(text: &str) -> Result<String, ParseError> {
    let fits = !text.is_empty() && text.len() <= MAX_FOREIGN_ID_BYTES;
    let is_id = fits && !text.chars().any(char::is_control);
    is_id
        .then(|| text.to_owned())
        .ok_or_else(|| ParseError::new("must be 1 to 255 bytes without control characters"))
}

/// Id of an organization (tenant), as the token's issuer names it.
///
/// ```
/// use shared::domain::OrgId;
///
/// let acme: OrgId = "acme".parse()?;
/// assert_eq!(acme.as_str(), "acme");
/// assert_eq!("..".parse::<OrgId>().unwrap_err().to_string(), "must not be . or ..");
/// # Ok::<(), shared::domain::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[schemars(description = "Id of an organization (tenant), as the token's issuer names it.")]
pub struct OrgId(String);

/// Parses 1 to 255 bytes without control characters. `.` and `..` are invalid, because no URL can have them as a segment
/// (RFC 3986, section 5.2.4).
impl FromStr for OrgId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "." | ".." => Err(ParseError::new("must not be . or ..")),
            _ => foreign_id(text).map(Self),
        }
    }
}

impl OrgId {
    /// Returns the id as the issuer wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Id of a user: the `sub` of the token.
///
/// ```
/// use shared::domain::UserId;
///
/// let alice: UserId = "auth0|alice".parse()?;
/// assert_eq!(alice.as_str(), "auth0|alice");
/// assert!("".parse::<UserId>().is_err());
/// # Ok::<(), shared::domain::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[schemars(description = "Id of a user: the `sub` of the token.")]
pub struct UserId(String);

/// Parses 1 to 255 bytes without control characters.
impl FromStr for UserId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        foreign_id(text).map(Self)
    }
}

impl UserId {
    /// Returns the id as the issuer wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Id of a resource. Each resource has its own type, so the compiler keeps ids of different resources apart.
///
/// [`resource_id!`](crate::resource_id) declares such types:
///
/// ```
/// use shared::domain::{Error, ResourceId};
///
/// shared::resource_id! {
///     /// Id of a note.
///     pub struct NoteId("noteId", "Note");
/// }
///
/// assert_eq!(NoteId::PARAMETER, "noteId");
/// assert_eq!(Error::NotFound(NoteId::RESOURCE).to_string(), "Note not found");
/// ```
pub trait ResourceId: FromStr<Err = ParseError> {
    /// Name of the path parameter that holds it, such as `projectId`.
    const PARAMETER: &'static str;

    /// Name of the resource for callers, such as `Project`.
    const RESOURCE: &'static str;
}

/// Makes a `UUIDv7` that sorts by `now`. Ids of the same millisecond are in random order.
#[doc(hidden)]
#[must_use]
pub fn time_ordered(now: Timestamp) -> Uuid {
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos))
}

/// Parses the canonical form (RFC 9562, section 4: lower case, hyphenated).
///
/// # Errors
///
/// For any other form, because one id has one spelling.
#[doc(hidden)]
pub fn canonical(text: &str) -> Result<Uuid, ParseError> {
    let id = Uuid::try_parse(text).ok();
    let id = id.filter(|id| id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text);
    id.ok_or_else(|| ParseError::new("must be a UUID in lower case with hyphens"))
}

/// Declares the id of a resource: its type, the path parameter that holds it, and the resource's name for callers.
///
/// ```
/// use jiff::Timestamp;
///
/// shared::resource_id! {
///     /// Id of an invoice.
///     pub struct InvoiceId("invoiceId", "Invoice");
/// }
///
/// let id = InvoiceId::new(Timestamp::UNIX_EPOCH);
/// assert_eq!(id.to_string().parse(), Ok(id));
/// assert!("42".parse::<InvoiceId>().is_err());
/// ```
#[macro_export]
macro_rules! resource_id {
    ($(#[$doc:meta])* $visibility:vis struct $name:ident($parameter:literal, $resource:literal);) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            $crate::derived::Serialize, $crate::derived::JsonSchema,
        )]
        #[serde(crate = "::shared::derived::serde")]
        #[schemars(crate = "::shared::derived::schemars")]
        $visibility struct $name($crate::derived::Uuid);

        impl $name {
            /// Makes a new id that sorts by `now`. Ids of the same millisecond are in random order.
            #[must_use]
            $visibility fn new(now: $crate::derived::Timestamp) -> Self {
                Self($crate::derived::time_ordered(now))
            }
        }

        impl $crate::domain::ResourceId for $name {
            const PARAMETER: &'static str = $parameter;
            const RESOURCE: &'static str = $resource;
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::domain::ParseError;

            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                $crate::derived::canonical(text).map(Self)
            }
        }

        impl $crate::domain::validation::Input for $name {
            fn read(
                value: Option<$crate::domain::validation::Value>,
                at: &mut $crate::domain::validation::At<'_>,
            ) -> Option<Self> {
                at.parsed(value, "Invalid UUID", |text| text.parse().ok())
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0.hyphenated(), f)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::resource_id! {
        /// Id of a note.
        struct NoteId("noteId", "Note");
    }

    #[test]
    fn ids_sort_by_creation_time() {
        let at = |ms| NoteId::new(Timestamp::from_millisecond(ms).unwrap());
        assert!(at(1_000) < at(1_001));
        assert!(at(1_000).to_string() < at(1_001).to_string());
    }

    #[test]
    fn printed_id_parses_back() {
        let id = NoteId::new(Timestamp::from_second(1_700_000_000).unwrap());
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn id_has_one_spelling() {
        let id = NoteId::new(Timestamp::from_second(1_700_000_000).unwrap()).to_string();
        for other in [
            id.to_uppercase(),
            format!("{{{id}}}"),
            id.replace('-', ""),
            format!("urn:uuid:{id}"),
            format!("{id} "),
        ] {
            assert!(other.parse::<NoteId>().is_err(), "{other}");
        }
    }

    #[test]
    fn foreign_ids_are_bounded_without_control_characters() {
        assert!("o".repeat(255).parse::<OrgId>().is_ok());
        for bad in [String::new(), "o".repeat(256), "a\0b".to_owned(), "a\nb".to_owned()] {
            assert!(bad.parse::<OrgId>().is_err() && bad.parse::<UserId>().is_err(), "{bad:?}");
        }
        assert!(".".parse::<OrgId>().is_err() && "..".parse::<OrgId>().is_err());
    }
}
