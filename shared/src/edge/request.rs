//! Request, read from the event of an HTTP API, a function URL (both payload format 2.0) or a REST API (1.0, which an HTTP
//! API can send as well).
//!
//! A field that is missing or of another type is read as empty, so that every JSON event gets a response in the envelope.
//! `lambda_http`'s conversion is not used: it panics on an invalid base64 body and on a path that is no URI after API
//! Gateway's percent-decoding, and an event without a required field never reaches the handler.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;
use serde_json::Value;

use super::error::{Error, Result};
use super::path::{self, PathMatch};
use crate::domain;

/// Request with its body still encoded.
///
/// ```
/// use shared::edge::Request;
///
/// fn is_signed(request: &Request) -> bool {
///     request.header("x-signature").is_some()
/// }
/// ```
pub struct Request {
    pub(crate) id: String,
    pub(crate) source_ip: String,
    query: String,
    pub(crate) cookies: Vec<String>,
    method: String,
    /// Path as the client sent it.
    whole_path: String,
    /// `true` if the gateway left the path percent-encoded.
    is_encoded: bool,
    /// `true` if the gateway matched the path, so that the event has its parameters.
    is_routed: bool,
    headers: HashMap<String, String>,
    path: BTreeMap<String, String>,
    body: Body,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("id", &self.id).field("method", &self.method).finish_non_exhaustive()
    }
}

/// Body as in the event.
#[derive(Default)]
struct Body {
    text: String,
    base64: bool,
}

impl Request {
    /// Reads an event. `invocation` is Lambda's request id, for events without an id.
    pub(crate) fn new(mut event: Value, invocation: &str) -> Self {
        let id = text(&event, "/requestContext/requestId").filter(|id| is_header_value(id));
        let headers = headers(&event);
        let cookies = event["cookies"].as_array().into_iter().flatten().filter_map(Value::as_str);
        // API Gateway takes cookies out of the headers in format 2.0 only.
        let cookies = cookies.map(str::to_owned).chain(headers.get("cookie").cloned()).collect();
        let is_encoded = is_encoded(&event);
        let decoded = |text| path::decode(text, is_encoded).map_or_else(|| text.to_owned(), Cow::into_owned);
        Self {
            id: id.unwrap_or(invocation).to_owned(),
            source_ip: either(&event, "/requestContext/http/sourceIp", "/requestContext/identity/sourceIp"),
            query: text(&event, "/rawQueryString").map_or_else(|| encoded_query(&event), str::to_owned),
            cookies,
            method: either(&event, "/requestContext/http/method", "/httpMethod"),
            whole_path: whole_path(&event),
            is_encoded,
            is_routed: is_routed(&event),
            headers,
            path: texts(&event["pathParameters"])
                .map(|(name, value)| (name.clone(), decoded(value)))
                .collect(),
            body: Body { base64: event["isBase64Encoded"] == true, text: take_text(&mut event, "body") },
        }
    }

    /// Matches the request with its route, because a function URL or a catch-all route has not.
    ///
    /// # Errors
    ///
    /// [`NotFound`](domain::Error::NotFound) for another path or method.
    pub(crate) fn match_route(&mut self, method: &Method, template: &str) -> Result<()> {
        let other = || domain::Error::NotFound("Route");
        if self.method != method.as_str() {
            return Err(other().into());
        }
        if !self.is_routed {
            self.path = self.match_path(template).ok_or_else(other)?.parameters;
        }
        Ok(())
    }

    /// Returns the prefix of the path before the route's part; may be empty.
    pub(crate) fn prefix(&self, template: &str) -> String {
        self.match_path(template).map(|path| path.prefix).unwrap_or_default()
    }

    fn match_path(&self, template: &str) -> Option<PathMatch> {
        path::match_end(&self.whole_path, self.is_encoded, template)
    }

    /// Returns the value of a header, by its lower-case name. API Gateway joins repeated ones with commas.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Takes the value of a header out of the request, by its lower-case name.
    pub(crate) fn take_header(&mut self, name: &str) -> Option<String> {
        self.headers.remove(name)
    }

    pub(crate) fn set_header(&mut self, name: &str, value: String) {
        self.headers.insert(name.to_owned(), value);
    }

    /// Returns a parameter of the path, decoded; empty if the path has no such parameter.
    #[must_use]
    pub fn path(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    pub(crate) fn parameters(&self) -> &BTreeMap<String, String> {
        &self.path
    }

    /// Returns the length of the body in bytes, after decoding.
    pub(crate) fn body_length(&self) -> usize {
        self.body.length()
    }

    pub(crate) fn take_path(&mut self) -> BTreeMap<String, String> {
        std::mem::take(&mut self.path)
    }

    /// Returns the query string, percent-encoded, without its `?`.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// Takes the body, of any media type.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] for more than `limit` bytes, [`Error::InvalidJson`] for invalid base64.
    pub fn body(&mut self, limit: usize) -> Result<Bytes> {
        if self.body_exceeds(limit) {
            return Err(Error::TooLarge { what: "body", limit: limit as u64 });
        }
        self.take_body().ok_or(Error::InvalidJson)
    }

    /// Returns the media type of the body, in lower case and without parameters; may be empty.
    #[must_use]
    pub fn media_type(&self) -> String {
        let value = self.header("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Checks that the body is not compressed.
    ///
    /// # Errors
    ///
    /// [`Error::ContentCoding`] for any `Content-Encoding` except `identity`.
    pub(crate) fn refuse_content_coding(&self) -> Result<()> {
        let mut codings = self.header("content-encoding").unwrap_or_default().split(',').map(str::trim);
        let is_plain = codings.all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case("identity"));
        is_plain.then_some(()).ok_or(Error::ContentCoding)
    }

    /// Returns `true` if `Content-Length` or the body is over `limit` bytes. Decodes nothing.
    pub(crate) fn body_exceeds(&self, limit: usize) -> bool {
        let declared = self.header("content-length").and_then(|length| length.trim().parse::<u64>().ok());
        declared.is_some_and(|length| length > limit as u64) || self.body.length() > limit
    }

    /// Returns `true` for a body that came as text and has U+FFFD, which replaces bytes that are not UTF-8.
    pub(crate) fn body_is_damaged(&self) -> bool {
        !self.body.base64 && self.body.text.contains(char::REPLACEMENT_CHARACTER)
    }

    /// Takes the body, decoded. Returns `None` for invalid base64.
    pub(crate) fn take_body(&mut self) -> Option<Bytes> {
        let Body { text, base64 } = std::mem::take(&mut self.body);
        if base64 { STANDARD.decode(text).ok().map(Bytes::from) } else { Some(Bytes::from(text)) }
    }
}

impl Body {
    /// Returns the length in bytes after decoding.
    fn length(&self) -> usize {
        if !self.base64 {
            return self.text.len();
        }
        let padding = self.text.bytes().rev().take_while(|byte| *byte == b'=').count();
        (self.text.len() / 4 * 3).saturating_sub(padding)
    }
}

/// Returns the text at a JSON Pointer.
fn text<'e>(event: &'e Value, place: &str) -> Option<&'e str> {
    event.pointer(place)?.as_str()
}

/// Returns the text at the pointer of format 2.0, or else of 1.0; may be empty.
fn either(event: &Value, format_2: &str, format_1: &str) -> String {
    text(event, format_2).or_else(|| text(event, format_1)).unwrap_or_default().to_owned()
}

/// Returns the path as the client sent it. In format 1.0 `path` lacks the stage of a REST API.
fn whole_path(event: &Value) -> String {
    let places = ["/rawPath", "/requestContext/path", "/path"];
    places.iter().find_map(|place| text(event, place)).unwrap_or_default().to_owned()
}

/// Returns `true` for REST APIs, whose events have no version, and function URLs. HTTP APIs decode the path in both
/// formats.
fn is_encoded(event: &Value) -> bool {
    let domain = text(event, "/requestContext/domainName").unwrap_or_default();
    // The route is compared too, because the domain is the caller's Host on an API that accepts any.
    let is_function_url =
        domain.split('.').nth(1) == Some("lambda-url") && text(event, "/routeKey") == Some("$default");
    is_function_url || event["httpMethod"].is_string() && event["version"].is_null()
}

/// Returns `false` for a function URL, a `$default` route and one such as `/{proxy+}`. For a hand-written event without a
/// route, returns `true` if it has parameters.
fn is_routed(event: &Value) -> bool {
    let route = text(event, "/routeKey").or_else(|| text(event, "/resource"));
    let is_specific = |route| route != "$default" && !str::contains(route, "+}");
    route.map_or_else(|| event["pathParameters"].is_object(), is_specific)
}

/// Encodes the query of format 1.0, which comes decoded.
fn encoded_query(event: &Value) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(all_texts(event, "multiValueQueryStringParameters", "queryStringParameters"));
    query.finish()
}

/// Returns the members of an object that are texts.
fn texts(object: &Value) -> impl Iterator<Item = (&String, &str)> {
    object.as_object().into_iter().flatten().filter_map(|(name, value)| Some((name, value.as_str()?)))
}

/// Returns the texts of an object in the event. In format 1.0, another object has repeated values as arrays.
fn all_texts<'e>(
    event: &'e Value,
    arrays: &str,
    single: &str,
) -> impl Iterator<Item = (&'e String, &'e str)> {
    let arrays = &event[arrays];
    let repeated = arrays.as_object().into_iter().flatten().flat_map(|(name, values)| {
        let values = values.as_array().into_iter().flatten().filter_map(Value::as_str);
        values.map(move |value| (name, value))
    });
    repeated.chain(texts(&event[single]).filter(|(name, _)| !arrays[name.as_str()].is_array()))
}

/// Moves a text out of the event, because a body is too large to copy.
fn take_text(event: &mut Value, name: &str) -> String {
    match event.get_mut(name).map(Value::take) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}

/// Returns the headers by their lower-case names. Format 1.0 and hand-written events have names in any case.
fn headers(event: &Value) -> HashMap<String, String> {
    let mut headers: HashMap<String, String> = HashMap::new();
    for (name, value) in all_texts(event, "multiValueHeaders", "headers") {
        let name = name.to_ascii_lowercase();
        let divider = if name == "cookie" { "; " } else { "," };
        let joined = headers.entry(name).or_default();
        joined.push_str(if joined.is_empty() { "" } else { divider });
        joined.push_str(value);
    }
    headers
}

fn is_header_value(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests;
