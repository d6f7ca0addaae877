//! Records of a stream as Lambda passes them to functions.

use serde_json::{Map, Value};

/// Fields of a record that Lambda passes on.
const FIELDS: [&str; 6] = ["eventID", "eventName", "eventVersion", "eventSource", "awsRegion", "dynamodb"];

/// Converts a record of the stream with this ARN. The keys of `userIdentity` begin with a capital letter in DynamoDB Streams,
/// with a small one in Lambda's events and in some emulators.
pub(super) fn event_record(record: &Value, arn: &str) -> Value {
    let field = |name: &str| Some((name.to_owned(), record.get(name)?.clone()));
    let mut event: Map<_, _> = FIELDS.into_iter().filter_map(field).collect();
    if let Some(identity) = record.get("userIdentity").and_then(Value::as_object) {
        let identity = identity.iter().map(|(name, value)| (uncapitalized(name), value.clone()));
        event.insert("userIdentity".to_owned(), identity.collect::<Map<_, _>>().into());
    }
    event.insert("eventSourceARN".to_owned(), arn.into());
    event.into()
}

/// Returns the sequence number of a record; empty if it has none.
pub(super) fn sequence_number(record: &Value) -> &str {
    record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default()
}

/// Describes a record for the log: its change, its keys and its sequence number.
pub(super) fn description(record: &Value) -> String {
    let name = record["eventName"].as_str().unwrap_or_default();
    format!("{name} {} ({})", record["dynamodb"]["Keys"], sequence_number(record))
}

fn uncapitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}
