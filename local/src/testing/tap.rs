//! A recording proxy between the functions and an engine. What must stay out: changing what passes.
//!
//! Every call passes [`Tap::forward`], so that faults can be put in there by operation.

use crate::tasks::{Task, loopback_listener};
use anyhow::{Context, Result};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use http::Uri;
use http::uri::{PathAndQuery, Scheme};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// The largest request body in bytes that passes.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// Which engine a call went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// The tables.
    DynamoDb,
    /// The objects.
    S3,
}

/// A call of a function to an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The engine.
    pub service: Service,
    /// DynamoDB's operation, such as `PutItem`; S3's method, such as `PUT`.
    pub operation: String,
    /// The table's name, or the path of bucket and object.
    pub target: String,
}

/// A proxy that records calls in the order of their arrival. Clones share their records.
#[derive(Debug, Clone, Default)]
pub struct Tap(Arc<Mutex<Vec<Call>>>);

#[derive(Clone)]
struct Proxy {
    tap: Tap,
    service: Service,
    upstream: Uri,
    client: Client<HttpConnector, Body>,
}

impl Tap {
    /// A proxy that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The calls since the start, or since [`Tap::clear`].
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.records().clone()
    }

    /// Forgets the calls so far.
    pub fn clear(&self) {
        self.records().clear();
    }

    /// Passes on to `upstream` what comes in at the returned address, until the task is dropped.
    pub(crate) async fn serve(&self, service: Service, upstream: &str) -> Result<(SocketAddr, Task)> {
        let upstream = upstream.parse().with_context(|| format!("{upstream} is not a URL"))?;
        let client = Client::builder(TokioExecutor::new()).build_http();
        let proxy = Proxy { tap: self.clone(), service, upstream, client };
        let (listener, address) = loopback_listener().await?;
        let app = axum::Router::new().fallback(pass).with_state(proxy);
        Ok((address, Task::serve(listener, app)))
    }

    fn records(&self) -> std::sync::MutexGuard<'_, Vec<Call>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn pass(State(proxy): State<Proxy>, request: Request) -> Response {
    proxy
        .forward(request)
        .await
        .unwrap_or_else(|error| (StatusCode::BAD_GATEWAY, error.to_string()).into_response())
}

impl Proxy {
    /// The `Host` header stays what the function signed.
    async fn forward(&self, request: Request) -> Result<Response> {
        let (mut parts, body) = request.into_parts();
        let body = to_bytes(body, MAX_BODY).await?;
        self.tap.records().push(self.call(&parts, &body));
        parts.uri = self.upstream(&parts.uri)?;
        let response = self.client.request(Request::from_parts(parts, Body::from(body))).await?;
        Ok(response.map(Body::new))
    }

    fn call(&self, parts: &http::request::Parts, body: &[u8]) -> Call {
        let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let operation = target.and_then(|target| target.rsplit('.').next());
        match operation {
            Some(operation) => Call {
                service: self.service,
                operation: operation.to_owned(),
                target: table(body).unwrap_or_default(),
            },
            None => Call {
                service: self.service,
                operation: parts.method.to_string(),
                target: parts.uri.path().to_owned(),
            },
        }
    }

    fn upstream(&self, uri: &Uri) -> Result<Uri> {
        let mut parts = self.upstream.clone().into_parts();
        parts.scheme.get_or_insert(Scheme::HTTP);
        parts.path_and_query = Some(uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/")));
        Ok(Uri::from_parts(parts)?)
    }
}

fn table(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    Some(body.get("TableName")?.as_str()?.to_owned())
}
