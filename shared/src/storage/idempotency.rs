//! Records of idempotent requests. A record is a row of the request's scope. It is written in one transaction
//! with the request's rows, and contains the row that the response is made of.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::builders::PutBuilder;

use super::key::Key;
use super::kind::IDEMPOTENCY;
use super::row::{Row, number, text};
use crate::domain::{IdempotentRequest, Result};

/// Returns the key of the record.
pub(super) fn record_key(request: &IdempotentRequest) -> Key {
    Key::within(request.scope(), IDEMPOTENCY, [&request.record_name()])
}

/// Returns the record, with the row of the response.
pub(super) fn record(request: &IdempotentRequest, row: Row) -> Row {
    Row::of(IDEMPOTENCY)
        .with_text("fingerprint", request.fingerprint())
        .with_number("expiresAt", request.expiry())
        .with("row", AttributeValue::M(row.into()))
}

/// Adds the condition that there is no record, or one that is expired or invalid. TTL deletes hours late, so an expired
/// record may still be in the table.
pub(super) fn unless_recorded(put: PutBuilder, request: &IdempotentRequest) -> PutBuilder {
    let condition = "attribute_not_exists(pk) OR expiresAt <= :now OR NOT attribute_type(expiresAt, :number)";
    put.condition_expression(condition)
        .expression_attribute_values(":number", text("N"))
        .expression_attribute_values(":now", number(request.received_at()))
}

/// Returns the row of the response, if the record isn't expired.
///
/// # Errors
///
/// [`Unprocessable`](crate::domain::Error::Unprocessable) if the key was used for another request.
pub(super) fn recorded(request: &IdempotentRequest, record: &Row) -> Result<Option<Row>> {
    if record.optional_number("expiresAt").is_none_or(|expiry| request.is_expired(expiry)) {
        return Ok(None);
    }
    request.check(record.optional("fingerprint").unwrap_or_default())?;
    Ok(match record.get("row") {
        Some(AttributeValue::M(row)) => Some(row.into()),
        _ => None,
    })
}
