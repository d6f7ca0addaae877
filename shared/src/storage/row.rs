//! Rows of `DynamoDB` tables: values as attributes.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
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
#[derive(Clone, Default)]
pub struct Row {
    /// Names, texts and numbers of the attributes, one after the other: one allocation instead of two for each attribute.
    /// What was replaced or removed stays in it.
    text: String,
    attributes: Vec<(Part, Value)>,
}

/// Part of a row's text.
pub(super) type Part = Range<usize>;

/// Value of an attribute.
#[derive(Clone)]
pub(super) enum Value {
    Text(Part),
    Number(Part),
    Flag(bool),
    Other(Box<AttributeValue>),
}

/// Bytes of the text of most rows, with the key.
const USUAL_LENGTH: usize = 512;

/// Attributes that most rows have at most.
const USUAL_ATTRIBUTES: usize = 12;

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
        self.with_text(name, format_millis(value))
    }

    /// Adds a text, or removes the attribute if there is none.
    #[must_use]
    pub fn with_optional(mut self, name: &str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            return self.with_text(name, value);
        }
        if let Some(place) = self.place(name) {
            self.attributes.remove(place);
        }
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
    /// assert_eq!(row.get("paid"), Some(AttributeValue::Bool(true)));
    /// ```
    #[must_use]
    pub fn with(mut self, name: &str, value: AttributeValue) -> Self {
        let value = self.hold(value);
        if let Some(place) = self.place(name) {
            self.attributes[place].1 = value;
            return self;
        }
        let name = self.append(name);
        self.push(name, value);
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
        match self.value(name)? {
            Value::Text(text) => Some(self.part(text)),
            _ => None,
        }
    }

    /// Returns a number.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if the row has no number of this name, or it doesn't fit the type.
    pub fn number<T: FromStr>(&self, name: &str) -> Result<T> {
        require(self.optional_number(name), name)
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

    /// Returns a copy of an attribute, or `None` if the row has none of this name. Of a text or a number,
    /// [`text`](Row::text) and [`number`](Row::number) make none.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<AttributeValue> {
        self.value(name).map(|value| self.attribute(value.clone()))
    }

    /// Returns a number, or `None` if there is none of this name and type.
    pub(super) fn optional_number<T: FromStr>(&self, name: &str) -> Option<T> {
        match self.value(name)? {
            Value::Number(digits) => self.part(digits).parse().ok(),
            _ => None,
        }
    }

    /// Returns a row without attributes, with space for those of most rows.
    pub(super) fn with_usual_capacity() -> Self {
        Self { text: String::with_capacity(USUAL_LENGTH), attributes: Vec::with_capacity(USUAL_ATTRIBUTES) }
    }

    /// Appends to the row's text.
    pub(super) fn append(&mut self, text: &str) -> Part {
        let start = self.text.len();
        self.text.push_str(text);
        start..self.text.len()
    }

    /// Adds an attribute. Of equal names, the last one counts.
    pub(super) fn push(&mut self, name: Part, value: Value) {
        self.attributes.push((name, value));
    }

    fn hold(&mut self, value: AttributeValue) -> Value {
        match value {
            AttributeValue::S(text) => Value::Text(self.append(&text)),
            AttributeValue::N(digits) => Value::Number(self.append(&digits)),
            AttributeValue::Bool(flag) => Value::Flag(flag),
            other => Value::Other(other.into()),
        }
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.attributes.iter().rposition(|(own, _)| self.part(own) == name)
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.place(name).map(|place| &self.attributes[place].1)
    }

    /// Returns a part of the row's text. There are no others, because a text only grows.
    pub(super) fn part(&self, part: &Part) -> &str {
        self.text.get(part.clone()).unwrap_or_default()
    }

    fn attribute(&self, value: Value) -> AttributeValue {
        match value {
            Value::Text(text) => AttributeValue::S(self.part(&text).to_owned()),
            Value::Number(digits) => AttributeValue::N(self.part(&digits).to_owned()),
            Value::Flag(flag) => AttributeValue::Bool(flag),
            Value::Other(other) => *other,
        }
    }
}

/// Takes the attributes that the SDK returns, without those of the key.
impl From<Item> for Row {
    fn from(item: Item) -> Self {
        let mut row = Self::default();
        for (name, value) in item {
            if !["pk", "sk"].contains(&name.as_str()) {
                let (name, value) = (row.append(&name), row.hold(value));
                row.push(name, value);
            }
        }
        row
    }
}

impl From<Row> for Item {
    fn from(mut row: Row) -> Self {
        let attributes = std::mem::take(&mut row.attributes).into_iter();
        attributes.map(|(name, value)| (row.part(&name).to_owned(), row.attribute(value))).collect()
    }
}

/// Rows are equal if their attributes are, in any order.
impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        Item::from(self.clone()) == Item::from(other.clone())
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Row").field(&Item::from(self.clone())).finish()
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

#[cfg(test)]
mod tests {
    use proptest::collection::hash_map;
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = AttributeValue> {
        prop_oneof![
            "[é\"a-z]{0,4}".prop_map(AttributeValue::S),
            "[0-9]{1,4}".prop_map(AttributeValue::N),
            any::<bool>().prop_map(AttributeValue::Bool),
            Just(AttributeValue::L(vec![AttributeValue::S("a".to_owned())])),
        ]
    }

    proptest! {
        #[test]
        fn attributes_of_any_type_are_kept(item in hash_map("[é\"a-o]{0,3}", value(), 0..12)) {
            let row = Row::from(item.clone());
            for (name, value) in &item {
                prop_assert!(row.get(name).is_some_and(|own| own == *value));
            }
            let added = item.iter().fold(Row::default(), |row, (name, value)| row.with(name, value.clone()));
            prop_assert_eq!(&added, &row);
            prop_assert_eq!(Item::from(row), item);
        }
    }

    #[test]
    fn last_value_of_a_name_counts() {
        let row =
            Row::default().with_text("a", "1").with_text("ab", "").with_text("a", "é").with_number("b", 1);
        let row = row.with_optional("b", None::<&str>);
        assert_eq!((row.optional("a"), row.optional("ab"), row.get("b")), (Some("é"), Some(""), None));
        let row = row.with_number("a", 2);
        assert_eq!((row.optional("a"), row.number::<u8>("a").ok()), (None, Some(2)));
        assert_ne!(row, row.clone().with_text("c", ""));
    }
}
