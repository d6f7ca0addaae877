//! Records of writes that may be repeated. A record lies in the organization's partition of the projects table, is
//! written in one transaction with what it answers for, and holds the row that was answered.

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure};

use super::item::{Item, item, key, number, read_number, read_text, text};
use crate::domain::{Error, OrgScope, Repeatable, Result};

/// The key of the record.
pub(super) fn record_key(scope: &OrgScope, repeatable: &Repeatable) -> Item {
    key(scope, format!("IDEMPOTENCY#{}", repeatable.record_name()))
}

/// Writes the record with the row that it answers with, unless there is one that still counts.
pub(super) fn record(table: &str, scope: &OrgScope, repeatable: &Repeatable, row: Item) -> Result<Put> {
    let attributes = item([
        ("fingerprint", text(repeatable.fingerprint())),
        ("expiresAt", number(repeatable.expiry())),
        ("row", AttributeValue::M(row)),
    ]);
    Put::builder()
        .table_name(table)
        .set_item(Some(record_key(scope, repeatable).into_iter().chain(attributes).collect()))
        // TTL deletes hours late, so an expired record that is still there must not count.
        .condition_expression("attribute_not_exists(pk) OR expiresAt <= :now")
        .expression_attribute_values(":now", number(repeatable.arrival()))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .map_err(Error::internal)
}

/// The row that was answered, if this record still counts.
///
/// # Errors
///
/// [`Error::Unprocessable`] if the record is of another request with the same key.
pub(super) fn recorded<'i>(repeatable: &Repeatable, record: &'i Item) -> Result<Option<&'i Item>> {
    if !read_number(record, "expiresAt").is_some_and(|expiry| repeatable.counts(expiry)) {
        return Ok(None);
    }
    repeatable.check(read_text(record, "fingerprint").unwrap_or_default())?;
    Ok(record.get("row").and_then(|row| row.as_m().ok()))
}
