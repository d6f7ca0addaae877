//! CORS of an HTTP API: preflights, and the headers of functions' responses.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html>

use std::borrow::Cow;

use anyhow::{Context, Result};
use axum::body::Body;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HOST, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::origins::Origins;
use crate::template;

/// CORS settings of the API.
#[derive(Debug)]
pub(crate) struct Cors {
    origins: Origins,
    credentials: bool,
    methods: List,
    headers: List,
    exposed: List,
    max_age: Option<u32>,
}

/// Allowed names, and the header value that lists them.
#[derive(Debug)]
struct List {
    names: Vec<String>,
    header: HeaderValue,
}

impl Cors {
    /// Combines the settings of the template with the allowed origins.
    ///
    /// # Errors
    /// When a name in the settings is not valid in a header.
    pub(crate) fn new(settings: &template::Cors, origins: Origins) -> Result<Self> {
        Ok(Self {
            origins,
            credentials: settings.allow_credentials,
            methods: List::new(&settings.allow_methods)?,
            headers: List::new(&settings.allow_headers)?,
            exposed: List::new(&settings.expose_headers)?,
            max_age: settings.max_age,
        })
    }

    /// Returns the response to a preflight. If it is not allowed, the response has no CORS headers.
    pub(super) fn preflight(&self, request: &HeaderMap) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        if self.allows_headers_and_method(request) && self.insert_origin(request, headers) {
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, self.methods.header.clone());
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, self.headers.header.clone());
            if let Some(max_age) = self.max_age {
                headers.insert(ACCESS_CONTROL_MAX_AGE, max_age.into());
            }
        }
        response
    }

    /// Replaces the CORS headers of a function's response by those of the settings.
    pub(super) fn apply(&self, request: &HeaderMap, response: &mut HeaderMap) {
        let is_cors = |name: &&HeaderName| name.as_str().starts_with("access-control-");
        let replaced: Vec<_> = response.keys().filter(is_cors).cloned().collect();
        for name in replaced {
            response.remove(name);
        }
        if self.insert_origin(request, response) {
            response.insert(ACCESS_CONTROL_EXPOSE_HEADERS, self.exposed.header.clone());
        }
    }

    /// Returns the reason why the preflight is not allowed; `None` if it is.
    pub(super) fn refusal(&self, request: &HeaderMap) -> Option<String> {
        let Some(method) = single(request, &ACCESS_CONTROL_REQUEST_METHOD) else {
            return Some("no route, and no preflight: it has no Access-Control-Request-Method".to_owned());
        };
        if !self.methods.contains(method.as_bytes()) {
            return Some(format!("CORS: {} is not one of AllowMethods", lossy(method.as_bytes())));
        }
        let refused = requested_headers(request).find(|name| !self.headers.contains(name));
        let refused = refused.map(|name| format!("CORS: {} is not one of AllowHeaders", lossy(name)));
        refused.or_else(|| self.foreign_origin(request))
    }

    /// Returns the reason why the browser hides a response from the page that sent `request`; `None` if it does not.
    pub(super) fn foreign_origin(&self, request: &HeaderMap) -> Option<String> {
        let origin = single(request, &ORIGIN).and_then(text)?;
        let host = single(request, &HOST).and_then(text);
        let is_own = host.is_some_and(|host| origin.split_once("://").is_some_and(|(_, own)| own == host));
        let is_foreign = !self.origins.allow(origin) && !is_own;
        is_foreign.then(|| format!("CORS: {origin} is not one of {}; add it with --origin", self.origins))
    }

    /// Allows the page that sent `request` to read the response. Returns `true` if its origin is allowed.
    fn insert_origin(&self, request: &HeaderMap, response: &mut HeaderMap) -> bool {
        let origin =
            single(request, &ORIGIN).filter(|origin| text(origin).is_some_and(|it| self.origins.allow(it)));
        if let Some(origin) = origin {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            if self.credentials {
                response.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            }
            response.append(VARY, HeaderValue::from_static("Origin"));
        }
        origin.is_some()
    }

    /// Returns `true` if the preflight's method and all its headers are allowed.
    fn allows_headers_and_method(&self, request: &HeaderMap) -> bool {
        let method = single(request, &ACCESS_CONTROL_REQUEST_METHOD).and_then(text);
        method.is_some_and(|method| self.methods.contains(method.as_bytes()))
            && requested_headers(request).all(|name| self.headers.contains(name))
    }
}

impl List {
    fn new(names: &[String]) -> Result<Self> {
        let header = names.join(",");
        let header = HeaderValue::try_from(&header).with_context(|| format!("{header:?} is not a header"))?;
        Ok(Self { names: names.to_owned(), header })
    }

    fn contains(&self, name: &[u8]) -> bool {
        self.names.iter().any(|allowed| allowed == "*" || allowed.as_bytes().eq_ignore_ascii_case(name))
    }
}

/// Returns the names of the headers that a preflight asks for.
fn requested_headers(request: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let lines = request.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter();
    let names = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    names.map(<[u8]>::trim_ascii).filter(|name| !name.is_empty())
}

fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Returns the value of a header that occurs exactly once.
fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}
