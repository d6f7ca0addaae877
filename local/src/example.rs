//! Examples of routes: `functions/<binary>/example.json`, beside the template, holds a request that succeeds, what it
//! needs, and its answer. What must stay out: sending requests.
//!
//! In an example's text `{orgId}` and the other names in `given` stand for their values, and `{path}` for the request's
//! path. `<unique>` stands for something new where a store remembers earlier requests, and for nothing elsewhere.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::gateway::{Call, request_id};
use crate::requests::{FORM, form};
use crate::template::{RouteKey, Template};

/// The organization of events and `curl` lines.
pub const ORGANIZATION: &str = "acme";

/// Values by the names that stand for them.
pub type Values = BTreeMap<String, String>;

/// The example of a function.
#[derive(Debug, Clone)]
pub struct Example {
    /// Names of values, each with the function whose example creates what has this id, or with the value itself.
    pub given: BTreeMap<String, String>,
    /// Rows in the place of what the request creates, for events.
    pub seed: Option<Seeded>,
    /// Roles of who sends it.
    pub roles: Vec<String>,
    route: RouteKey,
    text: String,
}

/// Rows that are there before an event.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seeded {
    /// The id of what they hold.
    pub id: String,
    /// The rows by the logical ids of their tables.
    pub rows: BTreeMap<String, Vec<Map<String, Value>>>,
}

/// The request of an example with a value for each name.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query, without its question mark.
    pub query: String,
    /// The body with its media type.
    pub body: Option<(&'static str, Vec<u8>)>,
    /// Roles of who sends it.
    pub roles: Vec<String>,
    /// The expected answer.
    pub response: Expected,
    route: RouteKey,
    parameters: Values,
}

/// The answer that an example promises. In its texts `<id>`, `<time>` and `<text>` stand for parts that differ from call
/// to call, and a text `<any>` for any value. An array may have more elements than are listed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The status.
    pub status: u16,
    /// Headers besides those that every answer has.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    given: BTreeMap<String, String>,
    #[serde(default)]
    request: Sent,
    response: Expected,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    r#type: String,
    base64: String,
}

impl Example {
    /// Reads the example of the function with this binary or logical id.
    ///
    /// # Errors
    /// When there is no such function, or no example of this form.
    pub fn load(template: &Template, function: &str) -> Result<Self> {
        let function = template.function(function).with_context(|| format!("no function {function}"))?;
        let file = file(template, &function.binary);
        let read = || {
            let route = function.routes.first().context("the function has no route")?.clone();
            let text = std::fs::read_to_string(&file)?;
            let Document { given, seed, roles, .. } = serde_json::from_str(&text)?;
            Ok(Self { given, seed, roles, route, text })
        };
        let example: Result<_> = read();
        example.with_context(|| format!("{} is no example", file.display()))
    }

    /// The examples that there are.
    ///
    /// # Errors
    /// When one can't be read.
    pub fn all(template: &Template) -> Result<Vec<Self>> {
        let functions = template.functions.iter().map(|function| &*function.binary);
        let present = functions.filter(|binary| file(template, binary).is_file());
        present.map(|binary| Self::load(template, binary)).collect()
    }

    /// The request with these values, `orgId` among them.
    ///
    /// # Errors
    /// When the values leave no JSON of an example.
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
            body: document.request.body()?,
            roles: self.roles.clone(),
            response: document.response,
            route: self.route.clone(),
            parameters: values.clone().into_iter().filter(|(name, _)| in_path(name)).collect(),
        })
    }

    /// The request on the rows of all examples.
    ///
    /// # Errors
    /// When it is given something for which there are no rows.
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

/// The text with values in the place of their names.
fn filled(text: &str, values: &Values) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

impl Sent {
    fn body(self) -> Result<Option<(&'static str, Vec<u8>)>> {
        if let Some(json) = self.json {
            return Ok(Some(("application/json", json.to_string().into_bytes())));
        }
        let Some(file) = self.file else { return Ok(None) };
        let bytes = BASE64_STANDARD.decode(&file.base64).context("base64")?;
        Ok(Some((FORM, form(&file.name, &file.r#type, &bytes))))
    }
}

impl Request {
    /// The path with the query.
    #[must_use]
    pub fn target(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!("{}{mark}{}", self.path, self.query)
    }

    /// The event that a function gets for this request with this token, as JSON.
    ///
    /// # Errors
    /// When it is no request of HTTP.
    pub fn event(&self, token: &str) -> Result<String> {
        let request = http::Request::builder().method(&*self.method).uri(self.target());
        let request = request.header("accept", "*/*").header("authorization", format!("Bearer {token}"));
        let mut request = request.header("host", "api.example.com").header("user-agent", "curl/8.16.0");
        let (content_type, body) = self.body.as_ref().map_or(("", &[][..]), |(kind, body)| (kind, body));
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        let (parts, ()) = request.body(())?.into_parts();
        // An address that is nobody's, as documentation has them.
        let (peer, id) = (([192, 0, 2, 1], 443).into(), request_id());
        let call = Call { parts: &parts, path: &self.path, body, peer, port: 443, id: &id };
        Ok(call.event(&self.route.to_string(), &self.parameters))
    }

    /// The request as a line for a shell, unless it is below something that has to be created before, or a form.
    #[must_use]
    pub fn curl(&self, base: &str, token: &str) -> Option<String> {
        let data = match &self.body {
            _ if self.parameters.len() > 1 => return None,
            Some((FORM, _)) => return None,
            Some((kind, body)) => {
                let body = String::from_utf8_lossy(body).replace('\'', r"'\''");
                format!(" -H 'Content-Type: {kind}' -d '{body}'")
            }
            None => String::new(),
        };
        let (method, target) = (&self.method, self.target());
        Some(format!("curl -i -X {method} -H 'Authorization: Bearer {token}'{data} '{base}{target}'"))
    }
}
