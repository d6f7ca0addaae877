//! Records of idempotent requests. A record lies in the partition of the request's scope, is written in one transaction
//! with what it answers for, and holds the row that was answered.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::builders::PutBuilder;

use super::key::{IDEMPOTENCY, Key};
use super::row::{Row, number, read_number, text};
use crate::domain::{IdempotentRequest, Result};

/// Key of the record.
pub(super) fn record_key(request: &IdempotentRequest) -> Key {
    Key::within(request.partition().to_owned(), IDEMPOTENCY, [&request.record_name()])
}

/// The record with the row that it answers with.
pub(super) fn record(request: &IdempotentRequest, row: Row) -> Row {
    Row::new()
        .with_text("fingerprint", request.fingerprint())
        .with_number("expiresAt", request.expiry())
        .with("row", AttributeValue::M(row.0))
}

/// Lets the record be put where there is none, or one that is expired or broken. TTL deletes hours late, so an expired
/// record may still be there.
pub(super) fn unless_recorded(put: PutBuilder, request: &IdempotentRequest) -> PutBuilder {
    let condition = "attribute_not_exists(pk) OR expiresAt <= :now OR NOT attribute_type(expiresAt, :number)";
    put.condition_expression(condition)
        .expression_attribute_values(":number", text("N"))
        .expression_attribute_values(":now", number(request.received_at()))
}

/// The row that was answered, if the record isn't expired.
///
/// # Errors
///
/// [`Unprocessable`](crate::domain::Error::Unprocessable) if the record is of another request with the same key.
pub(super) fn recorded(request: &IdempotentRequest, record: &Row) -> Result<Option<Row>> {
    if read_number(&record.0, "expiresAt").is_none_or(|expiry| request.is_expired(expiry)) {
        return Ok(None);
    }
    request.check(record.optional("fingerprint").unwrap_or_default())?;
    Ok(record.get("row").and_then(|row| row.as_m().ok()).map(|row| row.clone().into()))
}
