//! Proxy between functions and an emulator: forwards calls, applies effects and records both.

use std::time::Duration;

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
use local::emulators::{Interceptor, Service};
use local::tasks::Task;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::call::Call;
use super::capacity;
use super::permissions;
use super::recording_proxy::RecordingProxy;
use super::timing::CallTiming;

/// Largest body in bytes.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// Forwards calls to one emulator.
#[derive(Clone)]
struct Proxy {
    recorder: RecordingProxy,
    service: Service,
    upstream: Uri,
    client: Client<HttpConnector, Body>,
}

impl Interceptor for RecordingProxy {
    fn serve(&self, service: Service, listener: TcpListener, upstream: &str) -> Result<Task> {
        let upstream = upstream.parse().with_context(|| format!("{upstream} is not a URL"))?;
        let client = Client::builder(TokioExecutor::new()).build_http();
        Ok(Task::spawn(accept(listener, Proxy { recorder: self.clone(), service, upstream, client })))
    }
}

/// Accepts connections itself, because a failing service must close its connection without a response.
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
    let service = service_fn(|request: hyper::Request<_>| proxy.respond(request.map(Body::new)));
    // A connection breaks off on purpose, or because its function ends.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

impl Proxy {
    async fn respond(&self, request: Request) -> Result<Response> {
        let began = self.recorder.watch.elapsed();
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, MAX_BODY).await?;
        let call = Call::of(self.service, &parts, &body);
        let permissions = permissions::needed(self.service, &call.operation, &parts, &body);
        self.recorder.record(call.clone(), permissions);
        let effect = self.recorder.faults.effect(&call, &body);
        if let Some(effect) = &effect
            && let Some(response) = effect.before(self.service, &body).await?
        {
            return Ok(response);
        }
        let forwarded = self.forward(self.requesting_capacity(parts, body.clone())).await;
        let response =
            forwarded.unwrap_or_else(|error| (StatusCode::BAD_GATEWAY, error.to_string()).into_response());
        let response = self.time(call, &body, began, response).await?;
        match effect {
            Some(effect) => effect.after(response).await,
            None => Ok(response),
        }
    }

    /// Returns the request, with `ReturnConsumedCapacity` if the recorder wants it.
    fn requesting_capacity(&self, mut parts: http::request::Parts, body: Bytes) -> Request {
        let wanted = self.recorder.requests_capacity && self.service == Service::DynamoDb;
        match wanted.then(|| capacity::requesting(&body)).flatten() {
            Some(requesting) => {
                parts.headers.remove(CONTENT_LENGTH);
                Request::from_parts(parts, Body::from(requesting))
            }
            None => Request::from_parts(parts, Body::from(body)),
        }
    }

    /// Records the time of a call, which ends when the whole response has been read and the pace is over.
    async fn time(
        &self,
        call: Call,
        request: &[u8],
        began: Duration,
        response: Response,
    ) -> Result<Response> {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, MAX_BODY).await?;
        let left = self.recorder.pace.saturating_sub(self.recorder.watch.elapsed().saturating_sub(began));
        if !left.is_zero() {
            tokio::time::sleep(left).await;
        }
        let (ended, status) = (self.recorder.watch.elapsed(), parts.status.as_u16());
        let wanted = self.recorder.requests_capacity && self.service == Service::DynamoDb;
        let capacity = wanted.then(|| capacity::consumed(request, &body)).flatten();
        self.recorder.record_timing(CallTiming { call, began, ended, status, capacity });
        Ok(Response::from_parts(parts, Body::from(body)))
    }

    /// Forwards a request to the emulator. The `Host` header stays as the function signed it.
    async fn forward(&self, mut request: Request) -> Result<Response> {
        *request.uri_mut() = self.upstream(request.uri())?;
        Ok(self.client.request(request).await?.map(Body::new))
    }

    fn upstream(&self, uri: &Uri) -> Result<Uri> {
        let mut parts = self.upstream.clone().into_parts();
        parts.scheme.get_or_insert(Scheme::HTTP);
        parts.path_and_query = Some(uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/")));
        Ok(Uri::from_parts(parts)?)
    }
}
