//! A recording proxy between the functions and an engine. What must stay out: what can go wrong with a call.

use super::capacity;
use super::faults::{Calls, Fault, Faults, Outage};
use super::hold::{Hold, Moment};
use super::rights::{self, Right};
use super::spans::Span;
use crate::clock::Stopwatch;
use crate::tasks::{Task, loopback_listener};
use anyhow::{Context, Result};
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::Uri;
use http::uri::{PathAndQuery, Scheme};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

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
    /// DynamoDB's operation, such as `PutItem`; S3's method, such as `PUT`, with `?tagging` if it is about tags.
    pub operation: String,
    /// The table's name, or the path of bucket and object.
    pub target: String,
}

/// A proxy that records calls in the order of their arrival, and lets some of them go wrong. Clones share all of it.
#[derive(Debug, Clone)]
pub struct Tap {
    watch: Stopwatch,
    records: Arc<Mutex<Vec<Record>>>,
    spans: Arc<Mutex<Vec<Span>>>,
    faults: Faults,
    asks_capacity: bool,
    pace: Duration,
}

#[derive(Debug)]
struct Record {
    call: Call,
    rights: Vec<Right>,
}

#[derive(Clone)]
struct Proxy {
    tap: Tap,
    service: Service,
    upstream: Uri,
    client: Client<HttpConnector, Body>,
}

impl Default for Tap {
    fn default() -> Self {
        Self::new()
    }
}

impl Tap {
    /// A proxy that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            watch: Stopwatch::start(),
            records: Arc::default(),
            spans: Arc::default(),
            faults: Faults::default(),
            asks_capacity: false,
            pace: Duration::ZERO,
        }
    }

    /// The same proxy, which makes calls to DynamoDB ask what they consume. That changes what was signed, which our own
    /// engine does not look at.
    #[must_use]
    pub fn ask_capacity(self) -> Self {
        Self { asks_capacity: true, ..self }
    }

    /// The same proxy, which answers no call sooner than this after its arrival: so that calls that don't wait for each
    /// other are under way together, however slow the machine is at sending them.
    #[must_use]
    pub fn pace(self, pace: Duration) -> Self {
        Self { pace, ..self }
    }

    /// The calls since the start, or since [`Tap::clear`].
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.records().iter().map(|record| record.call.clone()).collect()
    }

    /// All that these calls would need to be allowed by AWS.
    #[must_use]
    pub fn rights(&self) -> BTreeSet<Right> {
        self.records().iter().flat_map(|record| record.rights.clone()).collect()
    }

    /// The calls that were answered since the start, or since [`Tap::clear`], in the order of their answers.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets the calls so far.
    pub fn clear(&self) {
        self.records().clear();
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Lets these calls go wrong until the outage is dropped. Of several rules that mean a call the oldest one decides.
    pub fn fail(&self, calls: Calls, fault: Fault) -> Outage {
        self.faults.fail(calls, fault)
    }

    /// Stops these calls until the test lets them go on.
    #[must_use]
    pub fn hold(&self, calls: Calls, moment: Moment) -> Hold {
        self.faults.hold(calls, moment)
    }

    /// Passes on to `upstream` what comes in at the returned address, until the task is dropped.
    pub(crate) async fn serve(&self, service: Service, upstream: &str) -> Result<(SocketAddr, Task)> {
        let upstream = upstream.parse().with_context(|| format!("{upstream} is not a URL"))?;
        let client = Client::builder(TokioExecutor::new()).build_http();
        let proxy = Proxy { tap: self.clone(), service, upstream, client };
        let (listener, address) = loopback_listener().await?;
        Ok((address, Task::spawn(accept(listener, proxy))))
    }

    fn records(&self) -> std::sync::MutexGuard<'_, Vec<Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes connections by hand, as a service that fails closes its connection without an answer.
async fn accept(listener: TcpListener, proxy: Proxy) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => drop(connections.spawn(pass(stream, proxy.clone()))),
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn pass(stream: TcpStream, proxy: Proxy) {
    let service = service_fn(|request: hyper::Request<_>| proxy.answer(request.map(Body::new)));
    // Connections that break off do so on purpose, or with the function at their end.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

impl Proxy {
    async fn answer(&self, request: Request) -> Result<Response> {
        let began = self.tap.watch.elapsed();
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, MAX_BODY).await?;
        let call = self.call(&parts, &body);
        let rights = rights::needed(self.service, &call.operation, &parts, &body);
        self.tap.records().push(Record { call: call.clone(), rights });
        let effect = self.tap.faults.effect(&call, &body);
        if let Some(effect) = &effect
            && let Some(answer) = effect.before(self.service).await?
        {
            return Ok(answer);
        }
        let forwarded = self.forward(self.asking(parts, body.clone())).await;
        let answer =
            forwarded.unwrap_or_else(|error| (StatusCode::BAD_GATEWAY, error.to_string()).into_response());
        let answer = self.note(call, &body, began, answer).await?;
        match effect {
            Some(effect) => effect.after(answer).await,
            None => Ok(answer),
        }
    }

    /// The call, asking what it consumes if that is wanted.
    fn asking(&self, mut parts: http::request::Parts, body: Bytes) -> Request {
        let wanted = self.tap.asks_capacity && self.service == Service::DynamoDb;
        match wanted.then(|| capacity::asking(&body)).flatten() {
            Some(asking) => {
                parts.headers.remove(CONTENT_LENGTH);
                Request::from_parts(parts, Body::from(asking))
            }
            None => Request::from_parts(parts, Body::from(body)),
        }
    }

    /// Reads the answer to its end, so that it is known when that was.
    async fn note(&self, call: Call, asked: &[u8], began: Duration, answer: Response) -> Result<Response> {
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, MAX_BODY).await?;
        let left = self.tap.pace.saturating_sub(self.tap.watch.elapsed().saturating_sub(began));
        if !left.is_zero() {
            tokio::time::sleep(left).await;
        }
        let (ended, status) = (self.tap.watch.elapsed(), parts.status.as_u16());
        let wanted = self.tap.asks_capacity && self.service == Service::DynamoDb;
        let capacity = wanted.then(|| capacity::consumed(asked, &body)).flatten();
        let span = Span { call, began, ended, status, capacity };
        self.tap.spans.lock().unwrap_or_else(PoisonError::into_inner).push(span);
        Ok(Response::from_parts(parts, Body::from(body)))
    }

    /// The `Host` header stays what the function signed.
    async fn forward(&self, mut request: Request) -> Result<Response> {
        *request.uri_mut() = self.upstream(request.uri())?;
        Ok(self.client.request(request).await?.map(Body::new))
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
                operation: format!(
                    "{}{}",
                    parts.method,
                    if about_tags(&parts.uri) { "?tagging" } else { "" }
                ),
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

fn about_tags(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(|part| part.trim_end_matches('=') == "tagging"))
}
