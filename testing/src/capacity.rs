//! DynamoDB's capacity units of calls, requested by the proxy because the functions don't.

use serde_json::Value;

/// Adds `ReturnConsumedCapacity` to the body of a call. `None` for a body that is not DynamoDB's.
pub(super) fn requesting(body: &[u8]) -> Option<Vec<u8>> {
    let mut body: Value = serde_json::from_slice(body).ok()?;
    body.as_object_mut()?.insert("ReturnConsumedCapacity".to_owned(), "TOTAL".into());
    Some(body.to_string().into_bytes())
}

/// Sums the units that a call consumed in all tables, from the bodies of the call and its response.
///
/// A write whose condition failed consumes units too, but its response doesn't contain them. They are taken as one for
/// each row, and two in a transaction: the maximum for rows of up to a kilobyte, which the service's are.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>
pub(super) fn consumed(call: &[u8], response: &[u8]) -> Option<f64> {
    let response: Value = serde_json::from_slice(response).ok()?;
    match &response["ConsumedCapacity"] {
        Value::Array(tables) => Some(tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum()),
        Value::Object(table) => table["CapacityUnits"].as_f64(),
        _ => consumed_by_refused(call, response["__type"].as_str()?),
    }
}

fn consumed_by_refused(call: &[u8], error: &str) -> Option<f64> {
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
    use super::{consumed, requesting};

    #[test]
    fn capacity_is_requested_and_summed_over_tables() {
        let request = requesting(br#"{"TableName":"t"}"#).unwrap_or_default();
        assert!(String::from_utf8_lossy(&request).contains(r#""ReturnConsumedCapacity":"TOTAL""#));
        assert_eq!(requesting(b"<xml/>"), None);
        let one = br#"{"ConsumedCapacity":{"TableName":"t","CapacityUnits":0.5}}"#;
        assert_eq!(consumed(b"{}", one), Some(0.5));
        let two = br#"{"ConsumedCapacity":[{"CapacityUnits":2.0},{"CapacityUnits":4.0}]}"#;
        assert_eq!(consumed(b"{}", two), Some(6.0));
    }

    #[test]
    fn failed_conditions_cost_like_the_write() {
        assert_eq!(consumed(b"{}", br#"{"__type":"v#ConditionalCheckFailedException"}"#), Some(1.0));
        let three = br#"{"TransactItems":[{},{},{}]}"#;
        assert_eq!(consumed(three, br#"{"__type":"v#TransactionCanceledException"}"#), Some(6.0));
        assert_eq!(consumed(three, br#"{"__type":"v#ThrottlingException"}"#), None);
    }
}
