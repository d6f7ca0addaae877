//! Support for the code that `#[derive(Input)]` generates, besides `At`.

pub use validator::{ValidateEmail, ValidateIp, ValidateNonControlCharacter, ValidateUrl};

pub use super::Value;
pub use super::bounds::{Length, Range};

/// Trims a value if it is a string.
#[must_use]
pub fn trimmed(value: Option<Value>) -> Option<Value> {
    match value {
        Some(Value::String(text)) => Some(crate::domain::text::trimmed(&text).into()),
        other => other,
    }
}
