//! The Lambda Runtime API as a stopwatch: signals the times of a process's polls and responses.
//!
//! The local stack has one too, for serving; this one adds no time between a measured process and the clock.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

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

/// Time of an invocation, for the deadline that the process receives.
const TIMEOUT_MS: i64 = 60_000;
const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:bench";

/// Request of the process to the API, with its time since the clock's start.
#[derive(Debug)]
pub(crate) enum Signal {
    /// It polled for an event.
    Polled(Duration),
    /// The event was delivered.
    Delivered(Duration),
    /// It responded.
    Responded(Duration, Bytes),
    /// It reported an error.
    Failed(Bytes),
}

/// The Runtime API of one process, served until this is dropped.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    pub(crate) address: SocketAddr,
    pub(crate) signals: mpsc::UnboundedReceiver<Signal>,
    events: mpsc::UnboundedSender<Bytes>,
    _server: JoinSet<()>,
}

/// What happens once, right before the first event is delivered.
pub(crate) type BeforeFirst = Box<dyn FnOnce() -> Result<()> + Send>;

struct Shared {
    watch: Stopwatch,
    signals: mpsc::UnboundedSender<Signal>,
    events: Mutex<Events>,
}

struct Events {
    queue: mpsc::UnboundedReceiver<Bytes>,
    before_first: Option<BeforeFirst>,
}

impl RuntimeApi {
    /// Serves a process that is about to start. Times are those of `watch`.
    ///
    /// # Errors
    /// No port is free.
    pub(crate) async fn serve(watch: Stopwatch, before_first: Option<BeforeFirst>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port is free")?;
        let address = listener.local_addr()?;
        let (sender, signals) = mpsc::unbounded_channel();
        let (events, queue) = mpsc::unbounded_channel();
        let shared =
            Arc::new(Shared { watch, signals: sender, events: Events { queue, before_first }.into() });
        let mut server = JoinSet::new();
        server.spawn(accept(listener, shared));
        Ok(Self { address, signals, events, _server: server })
    }

    /// Delivers an event to the process as soon as it polls.
    pub(crate) fn send(&self, event: Bytes) {
        // Without a receiver the server has ended, and so have the process's signals.
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
    let service = service_fn(|request| shared.respond(request));
    // A connection ends with its process.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

impl Shared {
    async fn respond(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>> {
        let polled = self.watch.elapsed();
        let path = request.uri().path().to_owned();
        if path.ends_with("/next") {
            return self.next(polled).await;
        }
        let body = request.into_body().collect().await?.to_bytes();
        let signal = if path.ends_with("/response") {
            Signal::Responded(self.watch.elapsed(), body)
        } else {
            Signal::Failed(body)
        };
        drop(self.signals.send(signal));
        let status =
            Response::builder().status(StatusCode::ACCEPTED).header("content-type", "application/json");
        Ok(status.body(Full::from("{\"status\":\"OK\"}"))?)
    }

    async fn next(&self, polled: Duration) -> Result<Response<Full<Bytes>>> {
        drop(self.signals.send(Signal::Polled(polled)));
        let event = self.events.lock().await.next().await?;
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
        drop(self.signals.send(Signal::Delivered(self.watch.elapsed())));
        Ok(response)
    }
}

impl Events {
    async fn next(&mut self) -> Result<Bytes> {
        let event = self.queue.recv().await.context("there are no more events")?;
        self.before_first.take().map_or(Ok(()), |before_first| before_first())?;
        Ok(event)
    }
}
