//! Support for the code that `#[derive(Input)]` writes, besides `At`. Not for use by hand.

pub use validator::{ValidateEmail, ValidateIp, ValidateNonControlCharacter, ValidateUrl};

pub use super::Value;
pub use super::bounds::{Length, Range};

/// A value whose text, if it is one, is trimmed.
#[must_use]
pub fn trimmed(value: Option<Value>) -> Option<Value> {
    match value {
        Some(Value::String(text)) => Some(crate::domain::text::trimmed(&text).into()),
        other => other,
    }
}
