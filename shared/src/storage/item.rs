//! Rows of `DynamoDB` tables: how values are written into attributes and read back.

use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::domain::{Error, OrgScope, Result};

/// A row.
pub(super) type Item = HashMap<String, AttributeValue>;

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

/// A row of these attributes.
pub(super) fn item<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Item {
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The key of a row of an organization: the partition is always the caller's own.
pub(super) fn key(scope: &OrgScope, sort: impl ToString) -> Item {
    item([("pk", partition(scope)), ("sk", text(sort))])
}

/// The partition of an organization. Nothing follows the id in it, so no id can reach into another's.
pub(super) fn partition(scope: &OrgScope) -> AttributeValue {
    text(format!("ORG#{}", scope.organization().as_str()))
}

/// A number of a row, if it is there and is one.
pub(super) fn read_number<T: FromStr>(item: &Item, name: &str) -> Option<T> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// A text of a row, if it is there and is one.
pub(super) fn read_text<'i>(item: &'i Item, name: &str) -> Option<&'i str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// What an answer of the table, or a row that this service wrote, must hold.
pub(super) fn must<T>(value: Option<T>, what: &str) -> Result<T> {
    value.ok_or_else(|| Error::internal(format!("storage answered without a usable {what}")))
}
