//! What calls cost in DynamoDB's units: asks for it where the functions don't. What must stay out: what is much.

use serde_json::Value;

/// The call with this body, asking what it consumes. `None` for a body that is none of DynamoDB's.
pub(super) fn asking(body: &[u8]) -> Option<Vec<u8>> {
    let mut body: Value = serde_json::from_slice(body).ok()?;
    body.as_object_mut()?.insert("ReturnConsumedCapacity".to_owned(), "TOTAL".into());
    Some(body.to_string().into_bytes())
}

/// The units of an answer with this body, of all tables together. An error tells none.
pub(super) fn consumed(body: &[u8]) -> Option<f64> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let consumed = body.get("ConsumedCapacity")?;
    let tables = consumed.as_array().map_or_else(|| std::slice::from_ref(consumed), Vec::as_slice);
    Some(tables.iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum())
}

#[cfg(test)]
mod tests {
    use super::{asking, consumed};

    #[test]
    fn calls_ask_and_answers_tell_for_all_their_tables() {
        let asked = asking(br#"{"TableName":"t"}"#).unwrap_or_default();
        assert!(String::from_utf8_lossy(&asked).contains(r#""ReturnConsumedCapacity":"TOTAL""#));
        assert_eq!(asking(b"<xml/>"), None);
        assert_eq!(consumed(br#"{"ConsumedCapacity":{"TableName":"t","CapacityUnits":0.5}}"#), Some(0.5));
        assert_eq!(
            consumed(br#"{"ConsumedCapacity":[{"CapacityUnits":2.0},{"CapacityUnits":4.0}]}"#),
            Some(6.0)
        );
        assert_eq!(consumed(br#"{"__type":"ConditionalCheckFailedException"}"#), None);
    }
}
