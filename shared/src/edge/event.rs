//! Kinds of events that a function is invoked with, told apart by fields of API Gateway. Callers can't set those fields.

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::error::Result;
use super::request::Request;
use super::response::Response;
use crate::domain;

/// Bytes of keys after which the log leaves the rest out.
const NAMED_KEYS: usize = 200;

/// Maximum length in bytes of a key in the log.
const KEY_LENGTH: usize = 40;

/// Reads the request of an HTTP API, a REST API or a function URL. Returns `None` for a ping, which only keeps the function
/// warm. `invocation` is Lambda's request id, for events without an id.
///
/// # Errors
///
/// [`Internal`](domain::Error::Internal) for any other event. Only the service's operator can send one.
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

/// Returns the response to a ping.
pub(super) fn pong() -> Response {
    let body = r#"{"data":{"status":"ok"}}"#.to_owned();
    Response { status: StatusCode::OK, headers: HeaderMap::new(), body: Some(body) }
}

/// Returns `true` for records of a queue, a stream or a bucket. They are an error, because a success would lose them.
fn is_batch(event: &Value) -> bool {
    let names = ["Records", "records", "eventSource", "messages", "rmqMessagesByQueue"];
    event.is_array() || names.iter().any(|name| !event[*name].is_null())
}

/// Lists the keys of an event for the log. Values may be secret.
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
