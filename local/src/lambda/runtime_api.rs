//! Lambda Runtime API of one execution environment.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot, watch};

use super::MAX_PAYLOAD;
use crate::body::{ReadBodyError, collect};
use crate::tasks::{Task, loopback_listener};

/// Event for a process.
#[derive(Debug)]
pub(super) struct Invocation {
    /// Unique among all invocations.
    pub(super) id: String,
    pub(super) event: Bytes,
    /// Time at which the process is killed, in milliseconds since 1970.
    pub(super) deadline_ms: i64,
    pub(super) arn: String,
    pub(super) trace_id: String,
    /// Set when the process receives the event. From then on no other process may get it.
    pub(super) taken: Arc<AtomicBool>,
    pub(super) reply: oneshot::Sender<Reply>,
}

/// Reply of the process to an event.
#[derive(Debug)]
pub(super) enum Reply {
    Response(Bytes),
    Error(Bytes),
    TooLarge,
}

/// Runtime API of one environment, served until this is dropped.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    pub(super) address: SocketAddr,
    /// Becomes `true` when the process requests its first event.
    pub(super) ready: watch::Receiver<bool>,
    invocations: mpsc::UnboundedSender<Invocation>,
    _server: Task,
}

struct Shared {
    ready: watch::Sender<bool>,
    invocations: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invocation>>,
    current: Mutex<Option<(String, oneshot::Sender<Reply>)>>,
}

impl RuntimeApi {
    /// Serves a new environment on a loopback port of its own.
    pub(super) async fn serve() -> Result<Self> {
        let (listener, address) = loopback_listener().await?;
        let (invocations, receiver) = mpsc::unbounded_channel();
        let (sender, ready) = watch::channel(false);
        let shared = Shared { ready: sender, invocations: receiver.into(), current: Mutex::default() };
        let server = Task::serve(listener, routes(Arc::new(shared)));
        Ok(Self { address, ready, invocations, _server: server })
    }

    /// Queues an invocation, which the process gets with its next request.
    pub(super) fn send(&self, invocation: Invocation) {
        // Without a receiver the process has ended too, which its owner notices itself.
        drop(self.invocations.send(invocation));
    }
}

fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(respond))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(fail))
        .route("/2018-06-01/runtime/init/error", post(fail_init))
        .with_state(shared)
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.ready.send_replace(true);
    let Some(invocation) = shared.invocations.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    invocation.taken.store(true, Ordering::SeqCst);
    *shared.current() = Some((invocation.id.clone(), invocation.reply));
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", invocation.id),
        ("lambda-runtime-deadline-ms", invocation.deadline_ms.to_string()),
        ("lambda-runtime-invoked-function-arn", invocation.arn),
        ("lambda-runtime-trace-id", invocation.trace_id),
    ];
    (headers, invocation.event).into_response()
}

async fn respond(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Body) -> Response {
    match collect(body, MAX_PAYLOAD).await {
        Ok(response) => shared.finish(&id, Reply::Response(response)),
        Err(ReadBodyError::TooLarge) => {
            shared.finish(&id, Reply::TooLarge);
            status(StatusCode::PAYLOAD_TOO_LARGE, "The response is larger than 6 MB")
        }
        // The process is ending, which its owner notices itself.
        Err(ReadBodyError::Broken) => status(StatusCode::BAD_REQUEST, "The response is incomplete"),
    }
}

async fn fail(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Body) -> Response {
    match collect(body, MAX_PAYLOAD).await {
        Ok(error) => shared.finish(&id, Reply::Error(error)),
        Err(_) => status(StatusCode::BAD_REQUEST, "The error is incomplete or too large"),
    }
}

/// Accepts an error of init. The process has logged it and exits by itself.
async fn fail_init() -> Response {
    status(StatusCode::ACCEPTED, "OK")
}

impl Shared {
    fn current(&self) -> std::sync::MutexGuard<'_, Option<(String, oneshot::Sender<Reply>)>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self, id: &str, reply: Reply) -> Response {
        match self.current().take_if(|(current, _)| current == id) {
            Some((_, sender)) => {
                // An invocation that timed out has no receiver.
                drop(sender.send(reply));
                status(StatusCode::ACCEPTED, "OK")
            }
            None => status(StatusCode::BAD_REQUEST, "There is no such invocation"),
        }
    }
}

fn status(code: StatusCode, message: &str) -> Response {
    let body = serde_json::json!({ "status": message });
    (code, [("content-type", "application/json")], body.to_string()).into_response()
}
