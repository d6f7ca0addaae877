//! The Lambda Runtime API as a stop watch: says when a process asks and when it answers.
//! What must stay out: the process.
//!
//! The local stack has one too, for serving; this one does nothing that takes time between a measured process and the
//! clock. <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use local::clock::{self, Stopwatch};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

/// What an invocation may take, for what the process is told of its deadline.
const TIMEOUT_MS: i64 = 60_000;
const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:bench";

/// What the process did, and when since the clock was started.
#[derive(Debug)]
pub(crate) enum Event {
    /// It asked for an event.
    Asked(Duration),
    /// It was handed one.
    Took(Duration),
    /// It answered.
    Answered(Duration, Bytes),
    /// It said that it can't go on.
    Failed(Bytes),
}

/// The Runtime API of one process, served until this is dropped.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    pub(crate) address: SocketAddr,
    pub(crate) signs: mpsc::UnboundedReceiver<Event>,
    events: mpsc::UnboundedSender<Bytes>,
    _server: JoinSet<()>,
}

struct Shared {
    watch: Stopwatch,
    signs: mpsc::UnboundedSender<Event>,
    events: Mutex<mpsc::UnboundedReceiver<Bytes>>,
}

impl RuntimeApi {
    /// Serves a process that is about to start. Times count from `watch` on.
    ///
    /// # Errors
    /// When no port is free.
    pub(crate) async fn serve(watch: Stopwatch) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port is free")?;
        let address = listener.local_addr()?;
        let (sender, signs) = mpsc::unbounded_channel();
        let (events, receiver) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared { watch, signs: sender, events: receiver.into() });
        let mut server = JoinSet::new();
        server.spawn(accept(listener, shared));
        Ok(Self { address, signs, events, _server: server })
    }

    /// Hands an event to the process as soon as it asks.
    pub(crate) fn send(&self, event: Bytes) {
        // Without a receiver the server is gone, and so is the process for whoever waits for its signs.
        drop(self.events.send(event));
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, Arc::clone(&shared)));
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    stream.set_nodelay(true).unwrap_or_default();
    let service = service_fn(|request| shared.answer(request));
    // A connection breaks off with its process.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
        let asked = self.watch.elapsed();
        let path = request.uri().path().to_owned();
        if path.ends_with("/next") {
            return self.next(asked).await;
        }
        let body = request.into_body().collect().await?.to_bytes();
        let sign = if path.ends_with("/response") {
            Event::Answered(self.watch.elapsed(), body)
        } else {
            Event::Failed(body)
        };
        drop(self.signs.send(sign));
        let status =
            Response::builder().status(StatusCode::ACCEPTED).header("content-type", "application/json");
        Ok(status.body(Full::from("{\"status\":\"OK\"}"))?)
    }

    async fn next(&self, asked: Duration) -> Result<Response<Full<Bytes>>> {
        drop(self.signs.send(Event::Asked(asked)));
        let event = self.events.lock().await.recv().await.context("there are no more events")?;
        let response = Response::builder()
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
            .header("lambda-runtime-deadline-ms", clock::now().as_millisecond() + TIMEOUT_MS)
            .header("lambda-runtime-invoked-function-arn", ARN)
            .header(
                "lambda-runtime-trace-id",
                "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
            );
        let response = response.body(Full::new(event))?;
        drop(self.signs.send(Event::Took(self.watch.elapsed())));
        Ok(response)
    }
}
