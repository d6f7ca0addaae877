//! The kinds of events that a function is invoked with. Only what API Gateway reports tells them apart, never a header.

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::error::Result;
use super::request::Request;
use super::response::Response;
use crate::domain;

/// How many bytes of keys are named in the log before the rest is left out.
const NAMED_KEYS: usize = 200;

/// The longest key that is named.
const KEY_LENGTH: usize = 40;

/// Reads the request of an event: of an HTTP API, a REST API or a function URL. `None` is a ping, which only keeps the
/// function warm. `invocation` is Lambda's own id, for requests that carry none.
///
/// # Errors
///
/// [`Internal`](domain::Error::Internal) for anything else. Nobody but the service's operator can send it.
pub(super) fn read(event: Value, invocation: &str) -> Option<Result<Request>> {
    let context = &event["requestContext"];
    if context.is_null() && !is_batch(&event) {
        return None;
    }
    // The events of load balancers have a method too, but the caller's address only in a header.
    let is_format_1 = context["identity"].is_object() && event["httpMethod"].is_string();
    if is_format_1 || context["http"]["method"].is_string() {
        Some(Ok(Request::new(event, invocation)))
    } else {
        Some(Err(domain::Error::internal(describe(&event)).into()))
    }
}

/// Answers a ping.
pub(super) fn pong() -> Response {
    let body = r#"{"data":{"status":"ok"}}"#.to_owned();
    Response { status: StatusCode::OK, headers: HeaderMap::new(), body: Some(body) }
}

/// Returns `true` for records of a queue, a stream or a bucket, which must not be lost unnoticed.
fn is_batch(event: &Value) -> bool {
    let marks = ["Records", "records", "eventSource", "messages", "rmqMessagesByQueue"];
    event.is_array() || marks.iter().any(|name| !event[*name].is_null())
}

/// Names the keys of an event. Its values stay out of the log.
fn describe(event: &Value) -> String {
    let (all, context) = (keys(event), keys(&event["requestContext"]));
    format!("the event is no request; its keys are [{all}], those of its requestContext [{context}]")
}

fn keys(value: &Value) -> String {
    let mut named = String::new();
    for (key, _) in value.as_object().into_iter().flatten() {
        if named.len() > NAMED_KEYS {
            named.push_str(", …");
            break;
        }
        named.push_str(if named.is_empty() { "" } else { ", " });
        named.push_str(if key.len() > KEY_LENGTH { "…" } else { key });
    }
    named
}

#[cfg(test)]
mod tests;
