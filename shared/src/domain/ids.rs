//! Identifiers. Organizations and users are named by the token's issuer; projects and files are named here, by
//! `UUIDv7` (RFC 9562), so that ids sort by creation time.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;
use uuid::{NoContext, Uuid};

/// The longest organization or user id in bytes. `OpenID` Connect Core, section 2, allows a `sub` of 255.
const MAX_FOREIGN_ID_BYTES: usize = 255;

/// Text that an issuer chose as an id: 1 to 255 bytes without control characters.
fn foreign_id(text: &str) -> Option<String> {
    let fits = !text.is_empty() && text.len() <= MAX_FOREIGN_ID_BYTES;
    (fits && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// The id of an organization (tenant), as the token's issuer names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct OrgId(String);

impl OrgId {
    /// Takes an id of 1 to 255 bytes without control characters, or nothing. `.` and `..` are none: no URL can have them
    /// as a segment (RFC 3986, section 5.2.4).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        foreign_id(text).filter(|id| id != "." && id != "..").map(Self)
    }

    /// The id as the issuer wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The id of a user: the `sub` of the token.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct UserId(String);

impl UserId {
    /// Takes an id of 1 to 255 bytes without control characters, or nothing.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        foreign_id(text).map(Self)
    }

    /// The id as the issuer wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Makes an id that sorts by `now`. Ids of one millisecond sort at random.
fn time_ordered(now: Timestamp) -> Uuid {
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos))
}

/// Takes only the canonical form (RFC 9562, section 4: lower case, hyphenated), so that one id has one spelling.
fn canonical(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    (id.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text).then_some(id)
}

macro_rules! own_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a new id that sorts by `now`, to the millisecond.
            #[must_use]
            pub fn new(now: Timestamp) -> Self {
                Self(time_ordered(now))
            }

            /// Takes the canonical text form of an id, or nothing.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                canonical(text).map(Self)
            }

            /// The 16 bytes of the id, most significant first.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The id of these 16 bytes.
            #[must_use]
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
    };
}

own_id!(
    /// The id of a project.
    ProjectId
);
own_id!(
    /// The id of a file.
    FileId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_creation_time() {
        let at = |ms| ProjectId::new(Timestamp::from_millisecond(ms).unwrap());
        assert!(at(1_000) < at(1_001));
        assert!(at(1_000).to_string() < at(1_001).to_string());
    }

    #[test]
    fn a_printed_id_parses_back_to_itself() {
        let id = FileId::new(Timestamp::from_second(1_700_000_000).unwrap());
        assert_eq!(FileId::parse(&id.to_string()), Some(id));
    }

    #[test]
    fn an_id_has_one_spelling_only() {
        let id = ProjectId::new(Timestamp::from_second(1_700_000_000).unwrap()).to_string();
        for other in [
            id.to_uppercase(),
            format!("{{{id}}}"),
            id.replace('-', ""),
            format!("urn:uuid:{id}"),
            format!("{id} "),
        ] {
            assert_eq!(ProjectId::parse(&other), None, "{other}");
        }
    }

    #[test]
    fn foreign_ids_are_bounded_and_hold_no_control_characters() {
        assert!(OrgId::parse(&"o".repeat(255)).is_some());
        for bad in [String::new(), "o".repeat(256), "a\0b".to_owned(), "a\nb".to_owned()] {
            assert!(OrgId::parse(&bad).is_none() && UserId::parse(&bad).is_none(), "{bad:?}");
        }
        assert!(OrgId::parse(".").is_none() && OrgId::parse("..").is_none());
    }
}
