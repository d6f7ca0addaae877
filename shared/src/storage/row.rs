//! Rows of `DynamoDB` tables: how values become attributes and are read back.

use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use crate::domain::time::format_millis;
use crate::domain::{Error, Result};

/// Attributes, as the SDK has them.
pub type Item = HashMap<String, AttributeValue>;

/// Attributes of a row beside its key.
///
/// ```
/// use shared::storage::Row;
///
/// let row = Row::new().with_text("name", "Apollo").with_number("version", 1).with_optional("color", None::<&str>);
/// assert_eq!(row.text("name")?, "Apollo");
/// assert_eq!(row.number::<u64>("version")?, 1);
/// assert_eq!(row.optional("color"), None);
/// // What a row of this service lacks is a defect, and never an empty value.
/// assert!(row.text("title").is_err());
/// # Ok::<(), shared::domain::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row(pub(super) Item);

impl Row {
    /// Returns a row without attributes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a text.
    #[must_use]
    pub fn with_text(self, name: &str, value: impl ToString) -> Self {
        self.with(name, text(value))
    }

    /// Adds a number.
    #[must_use]
    pub fn with_number(self, name: &str, value: impl ToString) -> Self {
        self.with(name, number(value))
    }

    /// Adds a time, to the millisecond.
    #[must_use]
    pub fn with_time(self, name: &str, value: Timestamp) -> Self {
        self.with(name, text(format_millis(value)))
    }

    /// Adds a text where there is one.
    #[must_use]
    pub fn with_optional(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with_text(name, value),
            None => self,
        }
    }

    /// Adds the time from which `DynamoDB` may delete the row (`expiresAt`). It may be there for days after that.
    #[must_use]
    pub fn with_expiry(self, at: Timestamp) -> Self {
        self.with_number("expiresAt", at.as_second())
    }

    /// Adds any attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// Returns a text.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if the row has none of this name.
    pub fn text(&self, name: &str) -> Result<&str> {
        require(self.optional(name), name)
    }

    /// Returns a text, or `None` if the row has none of this name.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_s().ok().map(String::as_str)
    }

    /// Returns a number.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if the row has none of this name and type.
    pub fn number<T: FromStr>(&self, name: &str) -> Result<T> {
        require(read_number(&self.0, name), name)
    }

    /// Returns a time.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if the row has none of this name.
    pub fn time(&self, name: &str) -> Result<Timestamp> {
        self.parsed(name)
    }

    /// Returns the value of a text, such as an id.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if the row has no text of this name, or it can't be parsed.
    pub fn parsed<T: FromStr>(&self, name: &str) -> Result<T> {
        require(self.optional(name).and_then(|text| text.parse().ok()), name)
    }

    /// Returns any attribute.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&AttributeValue> {
        self.0.get(name)
    }
}

/// Attributes as the SDK returns them, without those of the key.
impl From<Item> for Row {
    fn from(mut item: Item) -> Self {
        item.retain(|name, _| !["pk", "sk"].contains(&name.as_str()));
        Self(item)
    }
}

impl From<Row> for Item {
    fn from(row: Row) -> Self {
        row.0
    }
}

/// A text attribute.
#[expect(clippy::needless_pass_by_value, reason = "callers pass what they have, by value or by reference")]
pub(super) fn text(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

/// A number attribute.
#[expect(clippy::needless_pass_by_value, reason = "callers pass what they have, by value or by reference")]
pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A number, if it is there and is one.
pub(super) fn read_number<T: FromStr>(item: &Item, name: &str) -> Option<T> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// Returns what a row of this service, or the table's response, must have.
pub(super) fn require<T>(value: Option<T>, name: &str) -> Result<T> {
    value.ok_or_else(|| Error::internal(format!("storage answered without a usable {name}")))
}
