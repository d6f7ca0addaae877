//! HTTP client for tests: sends exactly the given request and returns the whole response.
//! What must stay out: redirects, cookies, and headers other than `Host` and `Content-Length`.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// Check of a response. Returns its violations; empty if it is valid.
pub type Check = fn(&Response) -> Vec<String>;

/// Client of a server.
#[derive(Debug, Clone)]
pub struct Client {
    base: String,
    check: Option<Check>,
    inner: legacy::Client<HttpConnector, Full<Bytes>>,
}

/// Builder of a request.
#[derive(Debug, Clone)]
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    client: Client,
    method: Method,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Bytes,
}

/// Response with its whole body.
#[derive(Debug, Clone)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Client {
    /// Creates a client of the server at `base`, such as `http://127.0.0.1:3000`.
    #[must_use]
    pub fn new(base: &str) -> Self {
        let inner = legacy::Client::builder(TokioExecutor::new()).build_http();
        Self { base: base.to_owned(), check: None, inner }
    }

    /// Adds a check: [`RequestBuilder::send`] fails if it finds violations in a response.
    #[must_use]
    pub fn checked(self, check: Check) -> Self {
        Self { check: Some(check), ..self }
    }

    /// Starts a request with this method to this path, which may have a query.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        RequestBuilder {
            client: self.clone(),
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
        }
    }

    /// Starts a `GET` request.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request("GET", path)
    }

    /// Starts a `POST` request.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request("POST", path)
    }
}

impl RequestBuilder {
    /// Adds a header. A second one of the same name is sent beside the first.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Removes a header, by its name as it was added.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self
    }

    /// Adds a bearer token.
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// Adds the cookie `auth` with a token.
    pub fn cookie(self, token: &str) -> Self {
        self.header("cookie", format!("auth={token}"))
    }

    /// Sets a body of this media type.
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    /// Adds an `Idempotency-Key`.
    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Sets a body without a media type.
    pub fn untyped(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Sends the request and reads the response.
    ///
    /// # Errors
    /// When there is no complete response, or the check finds violations in it.
    pub async fn send(self) -> Result<Response> {
        let url = format!("{}{}", self.client.base, self.path);
        let mut request = Request::builder().method(self.method.clone()).uri(&url);
        for (name, value) in &self.headers {
            request = request.header(name, value.as_slice());
        }
        let request =
            request.body(Full::new(self.body)).with_context(|| format!("can't build a request to {url}"))?;
        let response =
            self.client.inner.request(request).await.with_context(|| format!("no response from {url}"))?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.context("the response is incomplete")?.to_bytes();
        let response = Response { status: parts.status.as_u16(), headers: parts.headers, body };
        let violations = self.client.check.map_or_else(Vec::new, |check| check(&response));
        ensure!(violations.is_empty(), "{} {url} got {response:?}: {}", self.method, violations.join("; "));
        Ok(response)
    }
}

impl Response {
    /// Parses the body as JSON; `null` if it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Returns the code of the error in the envelope; empty if there is none.
    #[must_use]
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Formats the status and, of an error, the code: `201` or `409 CONFLICT`.
    #[must_use]
    pub fn status_and_code(&self) -> String {
        format!("{} {}", self.status, self.code()).trim_end().to_owned()
    }

    /// Returns the field of the error; empty if it names none.
    #[must_use]
    pub fn field(&self) -> String {
        self.json()["error"]["field"].as_str().unwrap_or_default().to_owned()
    }

    /// Returns the issues of the error, as path (`a.0.b`, empty for the whole input) and code.
    #[must_use]
    pub fn issues(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let path =
            |issue: &Value| -> Vec<_> { issue["path"].as_array().into_iter().flatten().map(text).collect() };
        let body = self.json();
        let issues = body["error"]["issues"].as_array().into_iter().flatten();
        issues.map(|issue| (path(issue).join("."), text(&issue["code"]))).collect()
    }

    /// Parses the header `RateLimit`: the remaining requests, and the seconds to the end of the window.
    #[must_use]
    pub fn rate_limit(&self) -> Option<(u64, u64)> {
        let (name, left) = self.header("ratelimit").split_once(";r=")?;
        let (remaining, seconds) = left.split_once(";t=")?;
        let is_known = matches!(name, "\"default\"" | "\"organization\"");
        is_known.then_some((remaining.parse().ok()?, seconds.parse().ok()?))
    }

    /// Returns a header's value; empty if there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
