//! Log: one JSON line per request, with the cause of an error, which callers never see. docs/LOGS.md lists its keys.

use std::error::Error as _;

use tracing::Level;

use crate::edge::error::Error;
use crate::edge::request::Request;
use crate::edge::response::{Response, is_replayed};
use crate::telemetry::{Line, Object, Record, send_trace};

/// Sets of dimensions of a request's metrics.
const DIMENSIONS: &str = r#"[["service"],["service","route"]]"#;

/// Key of the organization that was asked for.
const ORG: &str = "org";

/// Maximum length in characters of a path parameter, which may be any text.
const MAX_PARAMETER: usize = 255;

/// Fields of a request's log line.
#[derive(Default)]
pub(crate) struct RequestLog {
    /// Parameters of the path: the organization that was asked for, and ids of resources.
    path: Vec<(String, String)>,
    traceparent: Option<String>,
    bytes_in: u64,
    /// CloudFront's id of the request, if the request came through it.
    pub(crate) cloudfront_id: Option<String>,
    pub(crate) user: Option<String>,
    /// Reason why the token was refused.
    pub(crate) refused: Option<&'static str>,
    /// `true` on a route that needs no token.
    pub(crate) is_public: bool,
}

impl RequestLog {
    /// Reads the fields that a request has before it is checked.
    pub(crate) fn read(&mut self, request: &Request) {
        let cut = |value: &String| value.chars().take(MAX_PARAMETER).collect();
        self.path = request.parameters().iter().map(|(name, value)| (key(name), cut(value))).collect();
        self.traceparent = request.header("traceparent").and_then(traceparent).map(str::to_owned);
        self.bytes_in = request.body_length() as u64;
    }

    /// Adds the route, its parameters and the caller. Without a mark, the route needs a token.
    fn write(&self, object: &mut Object, route: &str) {
        object.optional("traceparent", self.traceparent.as_deref());
        object.optional("cloudfront_id", self.cloudfront_id.as_deref());
        object.text("route", route);
        if self.is_public {
            object.raw("public", &true);
        }
        for (name, value) in &self.path {
            object.text(name, value);
        }
        object.optional("user", self.user.as_deref());
    }

    /// Returns `true` if the caller was refused. Over the limit of an address, a refused token gets 429.
    fn is_refused(&self, status: u16) -> bool {
        !self.is_public && (matches!(status, 401 | 403) || status == 429 && self.user.is_none())
    }

    fn organization(&self) -> Option<&str> {
        self.path.iter().find_map(|(name, value)| (name == ORG).then_some(&**value))
    }
}

/// Logs a request. The cause of an error is logged here only.
pub(crate) fn request(
    record: &Record,
    route: &str,
    fields: &RequestLog,
    error: Option<&Error>,
    response: &Response,
) {
    let (status, state) = (response.status.as_u16(), record.take());
    let mut line = Line::new(if status >= 500 { Level::ERROR } else { Level::INFO }, "request");
    line.invocation(record);
    fields.write(&mut line.object, route);
    line.object.raw("status", &status);
    line.object.optional("refused", fields.refused);
    if let Some(error) = error {
        explain(&mut line.object, error);
    }
    measure(&mut line.object, fields, response);
    line.metric("duration_ms", &record.milliseconds());
    match error {
        _ if status >= 500 => line.metric("faults", &1),
        Some(error) => line.metric(error.code().as_str(), &1),
        None => {}
    }
    if fields.is_refused(status) {
        line.metric("refused_callers", &1);
    }
    line.end(&state, DIMENSIONS);
    send_trace(record, &state, route, fields.organization(), status);
}

/// Adds the code of an error, its field and its causes. Texts of a 403, 409, 422 and 429 are our own words.
fn explain(object: &mut Object, error: &Error) {
    object.text("code", error.code().as_str());
    object.optional("field", error.field().as_deref());
    if matches!(error.code().status().as_u16(), 403 | 409 | 422 | 429) {
        object.text("reason", &error.to_string());
    }
    if error.source().is_some() {
        object.text("error", &error_chain(error));
    }
}

/// Adds the sizes of both bodies, and if the response is replayed.
fn measure(object: &mut Object, fields: &RequestLog, response: &Response) {
    if is_replayed(response) {
        object.raw("replayed", &true);
    }
    object.positive("bytes_in", fields.bytes_in);
    object.positive("bytes_out", response.body.as_ref().map_or(0, |body| body.len() as u64));
}

/// Returns the key of a path parameter: `org` for `orgId`, and otherwise its name in snake case.
fn key(name: &str) -> String {
    if name == "orgId" {
        return ORG.to_owned();
    }
    let mut key = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            key.push('_');
        }
        key.push(letter.to_ascii_lowercase());
    }
    // An id is never one of the line's other keys.
    if key.ends_with("_id") && key != "request_id" { key } else { format!("path_{key}") }
}

/// Returns the `traceparent` of a caller, if it is well-formed (W3C Trace Context, section 3.2).
fn traceparent(value: &str) -> Option<&str> {
    let known = value.get(..55)?;
    let parts: Vec<_> = known.split('-').collect();
    let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_id = |text: &str| is_hex(text) && text.bytes().any(|byte| byte != b'0');
    let [version, trace, parent, flags] = parts[..] else { return None };
    let lengths = [version, trace, parent, flags].map(str::len) == [2, 32, 16, 2];
    // Later versions may append fields.
    let ends = value.len() == 55 || version != "00" && value[55..].starts_with('-');
    let is_valid = is_hex(version) && version != "ff" && is_id(trace) && is_id(parent) && is_hex(flags);
    (lengths && ends && is_valid).then_some(known)
}

/// Joins an error and all its causes into one text.
pub(crate) fn error_chain(error: &(impl std::error::Error + ?Sized)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
