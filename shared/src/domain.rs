//! Values and decisions, as pure functions.
//!
//! What must stay out: HTTP, the SDK, the clock and the log.

mod error;
mod file;
mod idempotency;
#[doc(hidden)]
pub mod ids;
pub(crate) mod json;
pub mod keys;
mod media_type;
mod membership;
mod page;
pub mod rate_limit;
mod text;
pub mod time;
pub mod validation;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC};

pub use error::{BoxError, Error, Kind, ParseError, Result};
pub use file::{FileDescription, FileName, NewFile};
pub use idempotency::{IdempotencyKey, IdempotentRequest, Outcome};
pub use ids::{OrgId, ResourceId, UserId};
pub use media_type::{AllowedTypes, begins_as};
pub use membership::{Caller, CallerScope, OrgScope, Scope, UserScope};
pub(crate) use membership::{Grant, Tenant, sealed};
pub use page::{Cursor, Page, PageRequest};
pub use text::name_key;

/// Encode set for a segment of a path or of an object key (RFC 3986, section 2.3, without `~`), and for the parameters of
/// RFC 8187.
pub const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// Characters that are escaped in a part of a row's key: the separator, the escape characters and controls. Characters
/// beyond ASCII are escaped too.
pub(crate) const ESCAPED: &AsciiSet = &CONTROLS.add(b'#').add(b'%').add(b'~');

/// Returns lower-case hexadecimal digits.
///
/// ```
/// assert_eq!(shared::domain::hex(&[0x01, 0xaf]), "01af");
/// ```
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
