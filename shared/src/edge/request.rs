//! A request as the pipeline sees it, read from the event of an HTTP API, a function URL (both payload format 2.0) or a
//! REST API (1.0, which an HTTP API can send as well).
//!
//! `lambda_http`'s own conversion panics on an invalid base64 body and on a path that is no URI once API Gateway has
//! percent-decoded it, and an event that lacks a field never reaches the handler. Here a field that is missing or of
//! another type than expected is an empty one, so that every event that is JSON gets an envelope.

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

/// A request, with its body still encoded.
pub struct Request {
    pub(crate) id: String,
    pub(crate) source_ip: String,
    query: String,
    pub(crate) cookies: Vec<String>,
    method: String,
    /// The path as the client asked for it.
    whole_path: String,
    /// Whether the gateway left the path percent-encoded.
    is_encoded: bool,
    /// Whether the gateway matched the path against the route, so that its parameters are the event's.
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

/// A body as the event carries it.
#[derive(Default)]
struct Body {
    text: String,
    base64: bool,
}

impl Request {
    /// The request of an event. `invocation` is Lambda's own id of it, for events that carry none.
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

    /// Matches the request with its route. Behind a function URL or a catch-all route, nothing has compared the two
    /// before.
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

    /// The prefix of the path before the route's own part; empty where there is none.
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

    /// Returns a parameter of the path, decoded; empty where there is none.
    #[must_use]
    pub fn path(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// Takes all parameters of the path.
    pub(crate) fn take_path(&mut self) -> BTreeMap<String, String> {
        std::mem::take(&mut self.path)
    }

    /// Returns the query string, percent-encoded, without its `?`.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// Takes the body, whatever its type, if it has at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] for a larger body.
    pub fn body(&mut self, limit: usize) -> Result<Bytes> {
        if self.body_exceeds(limit) {
            return Err(Error::TooLarge { what: "body", limit });
        }
        self.take_body().ok_or(Error::InvalidJson)
    }

    /// The media type of the body, without parameters and in lower case.
    #[must_use]
    pub fn media_type(&self) -> String {
        let value = self.header("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Refuses a body that is compressed: whatever reads it would take it for what it isn't.
    ///
    /// # Errors
    ///
    /// [`Error::ContentCoding`] for any `Content-Encoding` but `identity`.
    pub(crate) fn refuse_content_coding(&self) -> Result<()> {
        let mut codings = self.header("content-encoding").unwrap_or_default().split(',').map(str::trim);
        let is_plain = codings.all(|coding| coding.is_empty() || coding.eq_ignore_ascii_case("identity"));
        is_plain.then_some(()).ok_or(Error::ContentCoding)
    }

    /// Whether the body has more than `limit` bytes, by its header or by its length. Decodes nothing.
    pub(crate) fn body_exceeds(&self, limit: usize) -> bool {
        let declared = self.header("content-length").and_then(|length| length.trim().parse::<u64>().ok());
        declared.is_some_and(|length| length > limit as u64) || self.body.length() > limit
    }

    /// Returns `true` for a body that came as text and in which something was replaced that is no UTF-8.
    pub(crate) fn body_is_damaged(&self) -> bool {
        !self.body.base64 && self.body.text.contains(char::REPLACEMENT_CHARACTER)
    }

    /// Takes the body, decoded; nothing for one that is not the base64 that it says it is.
    pub(crate) fn take_body(&mut self) -> Option<Bytes> {
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

/// The text at the place of format 2.0, or else of 1.0.
fn either(event: &Value, format_2: &str, format_1: &str) -> String {
    text(event, format_2).or_else(|| text(event, format_1)).unwrap_or_default().to_owned()
}

/// In format 1.0 `path` lacks the stage of a REST API, which the client asked for.
fn whole_path(event: &Value) -> String {
    let places = ["/rawPath", "/requestContext/path", "/path"];
    places.iter().find_map(|place| text(event, place)).unwrap_or_default().to_owned()
}

/// HTTP APIs decode the path, in both formats. REST APIs, whose events have no version, and function URLs don't.
fn is_encoded(event: &Value) -> bool {
    let domain = text(event, "/requestContext/domainName").unwrap_or_default();
    // The caller's own Host is the domain of an API that takes any.
    let is_function_url =
        domain.split('.').nth(1) == Some("lambda-url") && text(event, "/routeKey") == Some("$default");
    is_function_url || event["httpMethod"].is_string() && event["version"].is_null()
}

/// Returns `false` for a function URL, a `$default` route and one such as `/{proxy+}`. A hand-written event that names no
/// route has the parameters that it has.
fn is_routed(event: &Value) -> bool {
    let route = text(event, "/routeKey").or_else(|| text(event, "/resource"));
    let is_specific = |route| route != "$default" && !str::contains(route, "+}");
    route.map_or_else(|| event["pathParameters"].is_object(), is_specific)
}

/// The query of format 1.0, which comes decoded.
fn encoded_query(event: &Value) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(all_texts(event, "multiValueQueryStringParameters", "queryStringParameters"));
    query.finish()
}

/// The texts of an object.
fn texts(object: &Value) -> impl Iterator<Item = (&String, &str)> {
    object.as_object().into_iter().flatten().filter_map(|(name, value)| Some((name, value.as_str()?)))
}

/// The texts of an object in the event. Format 1.0 has all values of what is repeated in arrays of another object.
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

/// A text that is too long to be copied.
fn take_text(event: &mut Value, name: &str) -> String {
    match event.get_mut(name).map(Value::take) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}

/// The headers by their lower-case names: format 1.0 has them as the client wrote them, and so may a hand-written event.
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
