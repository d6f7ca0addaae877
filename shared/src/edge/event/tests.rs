//! Kinds of events.

use serde_json::json;

use super::*;

fn kind(event: Value) -> &'static str {
    match read(event, "lambda-id") {
        None => "ping",
        Some(Ok(_)) => "request",
        Some(Err(_)) => "other",
    }
}

#[test]
fn gateway_fields_decide_the_kind_of_event() {
    for (event, expected) in [
        (json!({"requestContext": {"http": {"method": "GET"}}}), "request"),
        (json!({"requestContext": {"identity": {}}, "httpMethod": "GET"}), "request"),
        (json!({"source": "serverless-plugin-warmup"}), "ping"),
        (json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}), "ping"),
        (json!({"requestContext": null, "headers": {"authorization": "Bearer a"}}), "ping"),
        (json!({}), "ping"),
        (json!(null), "ping"),
        (json!("warm"), "ping"),
        (json!({"Records": []}), "other"),
        (json!({"records": [], "deliveryStreamArn": "a"}), "other"),
        (json!([{"messageId": "a"}]), "other"),
        (json!({"eventSource": "aws:kafka", "records": {"topic-0": []}}), "other"),
        (json!({"eventSource": "aws:rmq", "rmqMessagesByQueue": {}}), "other"),
        (json!({"messages": []}), "other"),
        (json!({"requestContext": {"elb": {}}, "httpMethod": "GET"}), "other"),
        (json!({"requestContext": {"identity": {}, "eventType": "CONNECT"}}), "other"),
        (json!({"requestContext": {"identity": {}}, "httpMethod": 1}), "other"),
        (json!({"requestContext": {"identity": 1}, "httpMethod": "GET"}), "other"),
        (json!({"requestContext": {"http": {"method": null}}}), "other"),
        (json!({"requestContext": {"http": "GET"}}), "other"),
        (json!({"requestContext": 1}), "other"),
        (json!({"requestContext": []}), "other"),
    ] {
        assert_eq!(kind(event.clone()), expected, "{event}");
    }
}

#[test]
fn log_lists_keys_and_no_values() {
    let long = "k".repeat(1000);
    let described =
        describe(&json!({"requestContext": {"elb": {"arn": "secret"}}, "body": "secret", long: "secret"}));
    assert!(described.contains("body, ") && described.contains("[elb]"), "{described}");
    assert!(described.len() < 300 && !described.contains("secret"), "{described}");
    let many: Value =
        (0..1000).map(|key| (key.to_string(), Value::Null)).collect::<serde_json::Map<_, _>>().into();
    assert!(describe(&many).len() < 300);
}
