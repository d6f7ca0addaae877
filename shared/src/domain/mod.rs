//! Values and decisions, pure: knows no HTTP, no SDK and no clock.

mod error;
#[cfg(feature = "uploads")]
mod file;
mod idempotency;
mod ids;
pub(crate) mod json;
pub mod keys;
#[cfg(feature = "uploads")]
mod media_type;
mod membership;
mod page;
mod project;
pub mod rate_limit;
mod text;
pub mod time;
pub mod validation;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

pub use error::{Cause, Error, Result};
#[cfg(feature = "uploads")]
pub use file::{File, FileName, NewFile};
pub use idempotency::{IdempotencyKey, Repeatable, Written};
pub use ids::{FileId, OrgId, ProjectId, UserId};
#[cfg(feature = "uploads")]
pub use media_type::AllowedTypes;
pub(crate) use membership::Grant;
pub use membership::{Caller, OrgScope};
pub use page::{Cursor, PageRequest, ProjectPage};
pub use project::{NewProject, Project, name_key};

/// What stands for itself in a segment of a path or of an object key, and in the parameters of RFC 8187.
pub(crate) const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
