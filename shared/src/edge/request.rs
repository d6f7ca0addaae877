//! A request as the pipeline sees it.

use std::collections::{BTreeMap, HashMap};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::event::{Event, Object, Text};

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
    pub(super) fn new(Object(event): Object<Event>, invocation: &str) -> Self {
        let context = event.request_context.0;
        let id =
            context.request_id.0.filter(|id| is_header_value(id)).unwrap_or_else(|| invocation.to_owned());
        let mut cookies = event.cookies.0;
        let headers = lower_case(event.headers.0);
        cookies.extend(headers.get("cookie").cloned());
        Self {
            id,
            source_ip: context.http.0.source_ip.0.unwrap_or_default(),
            query: event.raw_query_string.0.unwrap_or_default(),
            cookies,
            headers,
            path: present(event.path_parameters.0).collect(),
            body: Body { text: event.body.0.unwrap_or_default(), base64: event.is_base64_encoded.0 },
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

fn present(map: HashMap<String, Text>) -> impl Iterator<Item = (String, String)> {
    map.into_iter().filter_map(|(name, value)| Some((name, value.0?)))
}

/// API Gateway sends lower-case names; a hand-written event may not.
fn lower_case(headers: HashMap<String, Text>) -> HashMap<String, String> {
    let mut lower: HashMap<String, String> = HashMap::with_capacity(headers.len());
    for (name, value) in present(headers) {
        let all = lower.entry(name.to_ascii_lowercase()).or_default();
        *all = if all.is_empty() { value } else { format!("{all},{value}") };
    }
    lower
}

fn is_header_value(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests;
