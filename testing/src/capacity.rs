//! What calls cost in DynamoDB's units: asks for it where the functions don't. What must stay out: what is much.

use serde_json::Value;

/// The call with this body, asking what it consumes. `None` for a body that is none of DynamoDB's.
pub(super) fn asking(body: &[u8]) -> Option<Vec<u8>> {
    let mut body: Value = serde_json::from_slice(body).ok()?;
    body.as_object_mut()?.insert("ReturnConsumedCapacity".to_owned(), "TOTAL".into());
    Some(body.to_string().into_bytes())
}

/// The units that a call consumed, of all tables together, from the bodies of call and answer.
///
/// A write whose condition did not hold consumes units too, of which its answer says nothing: those of a row of up to a
/// kilobyte for each row that it is about, double in a transaction, which is the most for rows as small as the service's.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>
pub(super) fn consumed(call: &[u8], response: &[u8]) -> Option<f64> {
    let response: Value = serde_json::from_slice(response).ok()?;
    match &response["ConsumedCapacity"] {
        Value::Array(tables) => Some(tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum()),
        Value::Object(table) => table["CapacityUnits"].as_f64(),
        _ => refused(call, response["__type"].as_str()?),
    }
}

fn refused(call: &[u8], error: &str) -> Option<f64> {
    let call: Value = serde_json::from_slice(call).ok()?;
    let rows = call["TransactItems"].as_array().map_or(0, Vec::len);
    if error.ends_with("#ConditionalCheckFailedException") {
        return Some(1.0);
    }
    let canceled = error.ends_with("#TransactionCanceledException");
    canceled.then(|| std::iter::repeat_n(2.0, rows).sum())
}

#[cfg(test)]
mod tests {
    use super::{asking, consumed};

    #[test]
    fn calls_ask_and_answers_tell_for_all_their_tables() {
        let asked = asking(br#"{"TableName":"t"}"#).unwrap_or_default();
        assert!(String::from_utf8_lossy(&asked).contains(r#""ReturnConsumedCapacity":"TOTAL""#));
        assert_eq!(asking(b"<xml/>"), None);
        let one = br#"{"ConsumedCapacity":{"TableName":"t","CapacityUnits":0.5}}"#;
        assert_eq!(consumed(b"{}", one), Some(0.5));
        let two = br#"{"ConsumedCapacity":[{"CapacityUnits":2.0},{"CapacityUnits":4.0}]}"#;
        assert_eq!(consumed(b"{}", two), Some(6.0));
    }

    #[test]
    fn a_condition_that_does_not_hold_costs_what_the_write_would_have() {
        assert_eq!(consumed(b"{}", br#"{"__type":"v#ConditionalCheckFailedException"}"#), Some(1.0));
        let three = br#"{"TransactItems":[{},{},{}]}"#;
        assert_eq!(consumed(three, br#"{"__type":"v#TransactionCanceledException"}"#), Some(6.0));
        assert_eq!(consumed(three, br#"{"__type":"v#ThrottlingException"}"#), None);
    }
}
