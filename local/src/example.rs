//! Examples of routes: `functions/<binary>/example.json`, beside the template, holds a request that succeeds, its
//! prerequisites, and its response.
//!
//! Placeholders in an example: `{orgId}` and the other names in `given` for their values, `{path}` for the request's path,
//! `<unique>` for a text that is new in each run of a test and empty elsewhere.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::gateway::{GatewayRequest, request_id};
use crate::requests::{FORM, form};
use crate::template::{RouteKey, Template};

/// Organization of events and `curl` lines.
pub const ORGANIZATION: &str = "acme";

/// Values of placeholders, by name.
pub type Values = BTreeMap<String, String>;

/// Example of a function.
#[derive(Debug, Clone)]
pub struct Example {
    /// Name of the function's binary.
    pub function: String,
    /// Placeholders, each with its value or the function whose example creates the resource with this id.
    pub given: BTreeMap<String, String>,
    /// Data of the resource that the request creates, for events of other examples.
    pub seed: Option<Seeded>,
    /// Roles of the caller.
    pub roles: Vec<String>,
    route: RouteKey,
    text: String,
}

/// Data that exists before an event.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seeded {
    /// Id of the resource.
    pub id: String,
    /// Rows by the logical ids of their tables.
    pub rows: BTreeMap<String, Vec<Map<String, Value>>>,
    /// Objects by the logical ids of their buckets, and by their keys.
    #[serde(default)]
    pub objects: BTreeMap<String, BTreeMap<String, SeededObject>>,
}

/// Object that exists before an event.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeededObject {
    /// Media type.
    pub r#type: String,
    /// Content.
    #[serde(rename = "base64", deserialize_with = "decoded")]
    pub bytes: Vec<u8>,
}

/// Request of an example with all placeholders filled in.
#[derive(Debug, Clone)]
pub struct Request {
    /// Method.
    pub method: String,
    /// Path.
    pub path: String,
    /// Query, without its question mark.
    pub query: String,
    /// Media type and body.
    pub body: Option<(&'static str, Vec<u8>)>,
    /// Roles of the caller.
    pub roles: Vec<String>,
    /// Expected response.
    pub response: Expected,
    /// Request that follows the response.
    pub then: Option<Then>,
    file: Option<File>,
    route: RouteKey,
    parameters: Values,
}

/// Expected response of an example. In its texts `<id>`, `<time>`, `<url>` and `<text>` match parts that differ between
/// requests, and a text `<any>` matches any value. An array may have more elements than are listed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Status.
    pub status: u16,
    /// Headers, except those of every response.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Body; null if there is none.
    #[serde(default)]
    pub body: Value,
}

/// Request that the response of an example describes, as a signed URL does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Then {
    /// JSON Pointer to its `url`, `method` (`GET` by default) and `headers` in the response's body.
    pub at: String,
    /// Content that it sends with `PUT`, or gets.
    #[serde(rename = "base64", deserialize_with = "decoded")]
    pub bytes: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    given: BTreeMap<String, String>,
    #[serde(default)]
    request: Sent,
    response: Expected,
    then: Option<Then>,
    seed: Option<Seeded>,
    #[serde(default)]
    roles: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Sent {
    query: String,
    json: Option<Value>,
    file: Option<File>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    r#type: String,
    #[serde(rename = "base64", deserialize_with = "decoded")]
    bytes: Vec<u8>,
}

impl Example {
    /// Reads the example of the function with this binary or logical id.
    ///
    /// # Errors
    /// When there is no such function, or its example is missing or malformed.
    pub fn load(template: &Template, function: &str) -> Result<Self> {
        let function = template.function(function).with_context(|| format!("no function {function}"))?;
        let file = file(template, &function.binary);
        let route = function.routes.first();
        let route = route.with_context(|| {
            format!("{} has no route and thus no example: name a file with an event", function.binary)
        })?;
        let read = || {
            let text = std::fs::read_to_string(&file)?;
            let Document { given, seed, roles, .. } = serde_json::from_str(&text)?;
            Ok(Self { function: function.binary.clone(), given, seed, roles, route: route.clone(), text })
        };
        let example: Result<_> = read();
        example.with_context(|| format!("{} is not an example", file.display()))
    }

    /// Reads the examples of all functions that have one. A function without a route has none.
    ///
    /// # Errors
    /// When an example can't be read.
    pub fn all(template: &Template) -> Result<Vec<Self>> {
        let functions = template.routed().map(|function| &*function.binary);
        let present = functions.filter(|binary| Self::exists(template, binary));
        present.map(|binary| Self::load(template, binary)).collect()
    }

    /// Returns `true` if a function has an example.
    #[must_use]
    pub fn exists(template: &Template, function: &str) -> bool {
        file(template, function).is_file()
    }

    /// Returns the texts in the rows that the example seeds, by attribute.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (String, String)> {
        let rows = self.seed.iter().flat_map(|seed| seed.rows.values().flatten());
        let attributes = rows.flatten();
        attributes.filter_map(|(name, value)| Some((name.clone(), value["S"].as_str()?.to_owned())))
    }

    /// Fills in the placeholders. `values` must include `orgId`.
    ///
    /// # Errors
    /// When the result is not the JSON of an example.
    pub fn request(&self, values: &Values, unique: &str) -> Result<Request> {
        let path = filled(&self.route.path, values);
        let text = filled(&self.text, values).replace("{path}", &path).replace("<unique>", unique);
        let document: Document = serde_json::from_str(&text)?;
        let in_path = |name: &String| self.route.path.contains(&format!("{{{name}}}"));
        let method = if self.route.method == "ANY" { "POST" } else { &self.route.method };
        Ok(Request {
            method: method.to_owned(),
            path,
            query: document.request.query.clone(),
            file: document.request.file.clone(),
            body: document.request.body(),
            roles: self.roles.clone(),
            response: document.response,
            then: document.then,
            route: self.route.clone(),
            parameters: values.clone().into_iter().filter(|(name, _)| in_path(name)).collect(),
        })
    }

    /// Fills in the ids of the resources that the examples seed.
    ///
    /// # Errors
    /// When a required example seeds none.
    pub fn seeded(&self, template: &Template) -> Result<Request> {
        let mut values = Values::from([("orgId".to_owned(), ORGANIZATION.to_owned())]);
        for (name, source) in &self.given {
            let value = if template.function(source).is_some() {
                let seed = Self::load(template, source)?.seed;
                seed.with_context(|| format!("{source} has no seed"))?.id
            } else {
                source.clone()
            };
            values.insert(name.clone(), value);
        }
        self.request(&values, "")
    }
}

fn file(template: &Template, binary: &str) -> PathBuf {
    template.folder.join("functions").join(binary).join("example.json")
}

fn decoded<'de, D: Deserializer<'de>>(base64: D) -> Result<Vec<u8>, D::Error> {
    BASE64_STANDARD.decode(String::deserialize(base64)?).map_err(D::Error::custom)
}

/// Replaces the placeholders by their values.
fn filled(text: &str, values: &Values) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

impl Sent {
    fn body(self) -> Option<(&'static str, Vec<u8>)> {
        let json = self.json.map(|json| ("application/json", json.to_string().into_bytes()));
        json.or_else(|| self.file.map(|file| (FORM, form(&file.name, &file.r#type, &file.bytes))))
    }
}

impl Request {
    /// Returns the path with the query.
    #[must_use]
    pub fn target(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{}{mark}{}", self.path, self.query)
    }

    /// Returns the parameters of the path.
    #[must_use]
    pub fn parameters(&self) -> &Values {
        &self.parameters
    }

    /// Returns the place of a parameter in the path.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.route.path.find(&format!("{{{name}}}"))
    }

    /// Returns the name of the file that it sends, if it does.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        self.file.as_ref().map(|file| &*file.name)
    }

    /// Converts the request, with this token, to the event for its function, as JSON.
    ///
    /// # Errors
    /// When it is not a valid HTTP request.
    pub fn event(&self, token: &str) -> Result<String> {
        let request = http::Request::builder().method(&*self.method).uri(self.target());
        let request = request.header("accept", "*/*").header("authorization", format!("Bearer {token}"));
        let mut request = request.header("host", "api.example.com").header("user-agent", "curl/8.16.0");
        let (content_type, body) = self.body.as_ref().map_or(("", &[][..]), |(kind, body)| (kind, body));
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        let (parts, ()) = request.body(())?.into_parts();
        // An address from the range for documentation (RFC 5737).
        let (peer, id) = (([192, 0, 2, 1], 443).into(), request_id());
        let request = GatewayRequest { parts: &parts, path: &self.path, body, peer, port: 443, id: &id };
        Ok(request.event(&self.route.to_string(), &self.parameters))
    }

    /// Returns `true` if the path names no resource but the organization.
    #[must_use]
    pub fn is_of_organization(&self) -> bool {
        self.parameters.len() <= 1
    }

    /// Formats the request as a line for the shell, which expands variables in the base URL, the token and the path.
    #[must_use]
    pub fn curl(&self, base: &str, token: &str) -> String {
        let (method, target) = (&self.method, self.target());
        let data = match (&self.file, &self.body) {
            (Some(file), _) => {
                format!(" -F {}", quoted(&format!("file=@-;filename={};type={}", file.name, file.r#type)))
            }
            (None, Some((kind, body))) => {
                format!(" -H 'Content-Type: {kind}' -d {}", quoted(&String::from_utf8_lossy(body)))
            }
            (None, None) => String::new(),
        };
        let input = self.file.as_ref().map(|file| BASE64_STANDARD.encode(&file.bytes));
        let input = input.map(|base64| format!("echo {base64} | base64 -d | ")).unwrap_or_default();
        let redirected = if self.response.status == 302 { "fL -o download" } else { "" };
        format!(
            "{input}curl -s{redirected} -X {method} \"{base}{target}\" -H \"Authorization: Bearer {token}\"{data}"
        )
    }
}

/// Quotes a text for the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
