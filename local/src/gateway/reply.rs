//! Conversion of a function's response to an HTTP response: payload format 2.0.

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Headers that the gateway sets itself.
const OWN: [HeaderName; 4] =
    [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::UPGRADE];

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Reply {
    status_code: u16,
    headers: Option<Map<String, Value>>,
    cookies: Option<Vec<String>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

/// Converts the `payload` of a function's response; `None` if it is malformed.
pub(super) fn response(payload: &[u8]) -> Option<Response> {
    let reply = serde_json::from_slice::<Value>(payload).ok().and_then(|payload| match payload {
        Value::Object(ref fields) if fields.contains_key("statusCode") => {
            serde_json::from_value(payload).ok()
        }
        other => Some(inferred(&other)),
    });
    reply.and_then(assemble)
}

/// Returns an error response of the gateway itself.
pub(super) fn failure(status: StatusCode) -> Response {
    let message = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "Request Entity Too Large",
        other => other.canonical_reason().unwrap_or("Error"),
    };
    let mut response = Response::new(Body::from(serde_json::json!({ "message": message }).to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Returns the response of a function that doesn't compile: cargo's messages, which API Gateway never sends.
pub(super) fn broken(messages: String) -> Response {
    let mut response = Response::new(Body::from(messages));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    let content_type = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

/// Infers a 200 with the payload as its body, because the payload has no status code.
fn inferred(payload: &Value) -> Reply {
    let body = payload.as_str().map_or_else(|| payload.to_string(), str::to_owned);
    let content_type = ("content-type".to_owned(), Value::from("application/json"));
    Reply {
        status_code: 200,
        headers: Some(Map::from_iter([content_type])),
        body: Some(body),
        ..Reply::default()
    }
}

fn assemble(reply: Reply) -> Option<Response> {
    let body = reply.body.unwrap_or_default();
    let body =
        if reply.is_base64_encoded == Some(true) { BASE64_STANDARD.decode(body).ok()? } else { body.into() };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(reply.status_code).ok().filter(|code| code.as_u16() >= 200)?;
    let headers = response.headers_mut();
    for (name, value) in reply.headers.unwrap_or_default() {
        let name = HeaderName::try_from(name).ok()?;
        if !OWN.contains(&name) {
            headers.append(name, header_value(&value)?);
        }
    }
    for cookie in reply.cookies.unwrap_or_default() {
        headers.append(header::SET_COOKIE, cookie.parse().ok()?);
    }
    Some(response)
}

fn header_value(value: &Value) -> Option<HeaderValue> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        _ => return None,
    };
    HeaderValue::from_bytes(text.as_bytes()).ok()
}
