//! A request as the pipeline sees it, read from API Gateway's event (HTTP API, payload format 2.0).
//!
//! `lambda_http`'s own conversion panics on an invalid base64 body and on a path that is no URI once API Gateway has
//! percent-decoded it, and an event that lacks a field never reaches the handler. Here a field that is missing or of
//! another type than expected is an empty one, so that every event that is JSON gets an envelope.

use std::collections::{BTreeMap, HashMap};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

/// A request, with its body still encoded.
pub struct Request {
    pub(super) id: String,
    pub(super) source_ip: String,
    pub(super) query: String,
    pub(super) cookies: Vec<String>,
    headers: HashMap<String, String>,
    path: BTreeMap<String, String>,
    body: Body,
}

/// A body as the event carries it.
#[derive(Default)]
struct Body {
    text: String,
    base64: bool,
}

impl Request {
    /// The request of an event. `invocation` is Lambda's own id of it, for events that carry none.
    pub(super) fn new(mut event: Value, invocation: &str) -> Self {
        let id = text(&event, "/requestContext/requestId").filter(|id| is_header_value(id));
        let headers = lower_case(texts(&event["headers"]));
        let cookies = event["cookies"].as_array().into_iter().flatten().filter_map(Value::as_str);
        // API Gateway takes cookies out of the headers; other senders of events may not.
        let cookies = cookies.map(str::to_owned).chain(headers.get("cookie").cloned()).collect();
        Self {
            id: id.unwrap_or(invocation).to_owned(),
            source_ip: text(&event, "/requestContext/http/sourceIp").unwrap_or_default().to_owned(),
            query: text(&event, "/rawQueryString").unwrap_or_default().to_owned(),
            cookies,
            headers,
            path: texts(&event["pathParameters"])
                .map(|(name, value)| (name.clone(), value.to_owned()))
                .collect(),
            body: Body { base64: event["isBase64Encoded"] == true, text: take_text(&mut event, "body") },
        }
    }

    /// The value of a header, by its lower-case name. API Gateway joins repeated ones with commas.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// A parameter of the path, decoded; empty where there is none.
    pub(super) fn path(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// Takes all parameters of the path.
    pub(super) fn take_path(&mut self) -> BTreeMap<String, String> {
        std::mem::take(&mut self.path)
    }

    /// The media type of the body, without parameters and in lower case.
    pub(super) fn media_type(&self) -> String {
        let value = self.header("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Whether the body has more than `limit` bytes, by its header or by its length. Decodes nothing.
    pub(super) fn body_exceeds(&self, limit: usize) -> bool {
        let declared = self.header("content-length").and_then(|length| length.trim().parse::<u64>().ok());
        declared.is_some_and(|length| length > limit as u64) || self.body.length() > limit
    }

    /// Takes the body, decoded; nothing for one that is not the base64 that it says it is.
    pub(super) fn take_body(&mut self) -> Option<Bytes> {
        let Body { text, base64 } = std::mem::take(&mut self.body);
        if base64 { STANDARD.decode(text).ok().map(Bytes::from) } else { Some(Bytes::from(text)) }
    }
}

impl Body {
    /// The length in bytes once decoded.
    fn length(&self) -> usize {
        if !self.base64 {
            return self.text.len();
        }
        let padding = self.text.bytes().rev().take_while(|byte| *byte == b'=').count();
        (self.text.len() / 4 * 3).saturating_sub(padding)
    }
}

/// The text at a place of the event.
fn text<'e>(event: &'e Value, place: &str) -> Option<&'e str> {
    event.pointer(place)?.as_str()
}

/// The texts of an object.
fn texts(object: &Value) -> impl Iterator<Item = (&String, &str)> {
    object.as_object().into_iter().flatten().filter_map(|(name, value)| Some((name, value.as_str()?)))
}

/// A text that is too long to be copied.
fn take_text(event: &mut Value, name: &str) -> String {
    match event.get_mut(name).map(Value::take) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}

/// API Gateway sends lower-case names; a hand-written event may not.
fn lower_case<'e>(headers: impl Iterator<Item = (&'e String, &'e str)>) -> HashMap<String, String> {
    let mut lower: HashMap<String, String> = HashMap::new();
    for (name, value) in headers {
        let all = lower.entry(name.to_ascii_lowercase()).or_default();
        *all = if all.is_empty() { value.to_owned() } else { format!("{all},{value}") };
    }
    lower
}

fn is_header_value(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests;
