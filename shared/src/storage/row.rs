//! Rows of `DynamoDB` tables: values as attributes.

use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::kind::Kind;
use crate::domain::time::format_millis;
use crate::domain::{Error, Result};

/// Attributes, in the SDK's form.
pub type Item = HashMap<String, AttributeValue>;

/// Attributes of a row, without its key.
///
/// ```
/// use jiff::Timestamp;
/// use shared::domain::UserId;
/// use shared::storage::{Kind, Row};
///
/// const PROJECT: Kind<1> = Kind::new("PROJECT");
///
/// let row = Row::of(PROJECT)
///     .with_text("name", "Apollo")
///     .with_number("version", 1)
///     .with_time("createdAt", Timestamp::UNIX_EPOCH)
///     .with_optional("color", None::<&str>)
///     .with_text("createdBy", "alice");
/// assert_eq!(row.text("name")?, "Apollo");
/// assert_eq!(row.number::<u64>("version")?, 1);
/// assert_eq!(row.time("createdAt")?, Timestamp::UNIX_EPOCH);
/// assert_eq!(row.optional("color"), None);
/// assert_eq!(row.parsed::<UserId>("createdBy")?.as_str(), "alice");
/// // A missing attribute is a defect: Error::Internal.
/// assert!(row.text("title").is_err());
/// # Ok::<(), shared::domain::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row(pub(super) Item);

/// Attribute with the kind of a row, which filters of the table's stream select by.
const KIND: &str = "rowKind";

/// Attribute with the format of a row.
const FORMAT: &str = "rowFormat";

impl Row {
    /// Returns a row of this kind (`rowKind`) and its format (`rowFormat`), without other attributes.
    #[must_use]
    pub fn of<const PARTS: usize, const LISTED: bool>(kind: Kind<PARTS, LISTED>) -> Self {
        Self::default().with_text(KIND, kind.name).with_number(FORMAT, kind.format)
    }

    /// Returns the format of the row: 1 to the latest that the kind reads.
    ///
    /// A change of the attributes needs a new format if the deployed functions could misread it. Functions read rows of all
    /// formats that the table has, so a migration is optional:
    ///
    /// ```
    /// use shared::domain::Result;
    /// use shared::storage::{Kind, Row};
    ///
    /// const INVOICE: Kind<1> = Kind::new("INVOICE").with_format(2);
    ///
    /// fn currency(row: &Row) -> Result<String> {
    ///     Ok(match row.format(INVOICE)? {
    ///         1 => "EUR".to_owned(),
    ///         _ => row.text("currency")?.to_owned(),
    ///     })
    /// }
    ///
    /// assert_eq!(currency(&Row::of(Kind::<1>::new("INVOICE")))?, "EUR");
    /// assert!(currency(&Row::of(INVOICE.with_format(3))).is_err());
    /// # Ok::<(), shared::domain::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] for a row without a format, or of one that a newer version of the functions wrote.
    pub fn format<const PARTS: usize, const LISTED: bool>(&self, kind: Kind<PARTS, LISTED>) -> Result<u32> {
        let format: u32 = self.number(FORMAT)?;
        let known = (1..=kind.readable).contains(&format);
        known.then_some(format).ok_or_else(|| Error::internal("the row has an unknown format"))
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

    /// Adds a text, or removes the attribute if there is none.
    #[must_use]
    pub fn with_optional(mut self, name: &str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            return self.with_text(name, value);
        }
        self.0.remove(name);
        self
    }

    /// Adds the time from which `DynamoDB` may delete the row (`expiresAt`). The row may stay for days after that.
    ///
    /// ```
    /// use jiff::Timestamp;
    /// use shared::storage::{Kind, Row};
    ///
    /// const INVITATION: Kind<1> = Kind::new("INVITATION");
    ///
    /// let invitation = Row::of(INVITATION).with_expiry(Timestamp::from_second(1_795_321_391)?);
    /// assert_eq!(invitation.number::<i64>("expiresAt")?, 1_795_321_391);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_expiry(self, at: Timestamp) -> Self {
        self.with_number("expiresAt", at.as_second())
    }

    /// Adds any attribute.
    ///
    /// ```
    /// use shared::storage::{AttributeValue, Kind, Row};
    ///
    /// const INVOICE: Kind<1> = Kind::new("INVOICE");
    ///
    /// let row = Row::of(INVOICE).with("paid", AttributeValue::Bool(true));
    /// assert_eq!(row.get("paid"), Some(&AttributeValue::Bool(true)));
    /// ```
    #[must_use]
    pub fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// Returns a text.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if the row has no text of this name.
    pub fn text(&self, name: &str) -> Result<&str> {
        require(self.optional(name), name)
    }

    /// Returns a text, or `None` if the row has no text of this name.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_s().ok().map(String::as_str)
    }

    /// Returns a number.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if the row has no number of this name, or it doesn't fit the type.
    pub fn number<T: FromStr>(&self, name: &str) -> Result<T> {
        require(read_number(&self.0, name), name)
    }

    /// Returns a time.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if the row has no time of this name.
    pub fn time(&self, name: &str) -> Result<Timestamp> {
        self.parsed(name)
    }

    /// Parses a text, such as an id.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if the row has no text of this name, or it can't be parsed.
    pub fn parsed<T: FromStr>(&self, name: &str) -> Result<T> {
        require(self.optional(name).and_then(|text| text.parse().ok()), name)
    }

    /// Returns an attribute, or `None` if the row has none of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&AttributeValue> {
        self.0.get(name)
    }
}

/// Takes the attributes that the SDK returns, without those of the key.
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

#[expect(clippy::needless_pass_by_value, reason = "callers pass what they have, by value or by reference")]
pub(super) fn text(value: impl ToString) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "callers pass what they have, by value or by reference")]
pub(super) fn number(value: impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// Returns a number, or `None` if there is none of this name and type.
pub(super) fn read_number<T: FromStr>(item: &Item, name: &str) -> Option<T> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// Returns a value that rows of this service, and responses of the table, always have.
pub(super) fn require<T>(value: Option<T>, name: &str) -> Result<T> {
    value.ok_or_else(|| Error::internal(format!("storage returned no usable {name}")))
}
