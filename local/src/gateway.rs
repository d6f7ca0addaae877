//! API Gateway on one machine: an HTTP API with payload format 2.0 in front of the functions.
//! What must stay out: how a function is run.
//!
//! What it does not imitate: authorizers, stages, throttling, and the limit of 10,240 bytes on headers.

mod content;
mod cors;
mod event;
mod reply;
mod router;

pub(crate) use cors::Cors;
pub(crate) use event::{Call, request_id};
pub use router::Route;
pub(crate) use router::Router;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use reply::failure;
use tokio::net::TcpListener;

use crate::body::{ReadBodyError, collect, discard};
use crate::lambda::{MAX_PAYLOAD, Outcome, Pool};
use crate::tasks::Task;
use crate::{clock, lambda::Log, terminal};

/// The largest request body in bytes.
const MAX_BODY: usize = 10 * 1024 * 1024;
/// The longest that an HTTP API waits for a function, whatever the function's own limit.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// What requests are answered from.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) router: Router<Arc<Pool>>,
    /// CORS settings, if the template has any.
    pub(crate) cors: Option<Cors>,
    pub(crate) port: u16,
    pub(crate) log: Log,
}

/// Answers requests on `listener` until the returned task is dropped.
pub(crate) fn serve(listener: TcpListener, gateway: Gateway) -> Task {
    let app = axum::Router::new().fallback(answer).with_state(Arc::new(gateway));
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    // `serve` returns only when it is stopped.
    Task::spawn(async move { drop(axum::serve(listener, service).await) })
}

async fn answer(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let watch = clock::Stopwatch::start();
    let line = format!("{} {}", request.method(), request.uri());
    let id = request_id();
    let mut response = gateway.respond(peer, &id, request).await.unwrap_or_else(|refused| refused);
    if let Ok(id) = id.parse() {
        response.headers_mut().insert("apigw-requestid", id);
    }
    if gateway.log == Log::Print {
        let status = response.status().as_u16();
        terminal::say(&format!("{line} -> {status} in {} ms", watch.elapsed().as_millis()));
    }
    response
}

impl Gateway {
    async fn respond(&self, peer: SocketAddr, id: &str, request: Request) -> Result<Response, Response> {
        let (parts, body) = request.into_parts();
        let path = router::path(parts.uri.path());
        let found = self.router.find(&parts.method, &path);
        let matched = found.ok_or_else(|| self.unrouted(&parts))?;
        let body = read(&parts.headers, body).await?;
        let call = Call { parts: &parts, path: &path, body: &body, peer, port: self.port, id };
        let event = call.event(&matched.route, &matched.parameters);
        if event.len() > MAX_PAYLOAD {
            return Err(failure(StatusCode::PAYLOAD_TOO_LARGE));
        }
        let mut response = invoke(matched.target, event.into()).await?;
        // The gateway's own errors don't get here: API Gateway adds these headers to responses of an integration.
        if let Some(cors) = &self.cors {
            cors.apply(&parts.headers, response.headers_mut());
        }
        Ok(response)
    }

    /// The answer to a request that no route takes. `OPTIONS` is answered for all paths where the API has CORS.
    fn unrouted(&self, request: &Parts) -> Response {
        match &self.cors {
            Some(cors) if request.method == Method::OPTIONS => cors.preflight(&request.headers),
            _ => failure(StatusCode::NOT_FOUND),
        }
    }
}

/// The function's answer; an error of the gateway's own if there is none that can be understood.
async fn invoke(pool: &Arc<Pool>, event: Bytes) -> Result<Response, Response> {
    let in_time = tokio::time::timeout(INTEGRATION_TIMEOUT, pool.invoke(event)).await;
    let response = match in_time.unwrap_or(Outcome::TimedOut) {
        Outcome::Response(answer) => reply::response(&answer),
        Outcome::Error(_) | Outcome::Failed(_) => None,
        Outcome::TimedOut | Outcome::Throttled => return Err(failure(StatusCode::SERVICE_UNAVAILABLE)),
    };
    response.ok_or_else(|| failure(StatusCode::INTERNAL_SERVER_ERROR))
}

/// The whole body. One that announces itself as too large is refused before it is read.
async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Response> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > MAX_BODY) {
        // Who waits for permission to send the body needs none to read the refusal.
        if !headers.contains_key(header::EXPECT) {
            discard(body.into_data_stream());
        }
        return Err(failure(StatusCode::PAYLOAD_TOO_LARGE));
    }
    collect(body, MAX_BODY).await.map_err(|unread| match unread {
        ReadBodyError::TooLarge => failure(StatusCode::PAYLOAD_TOO_LARGE),
        ReadBodyError::Broken => failure(StatusCode::BAD_REQUEST),
    })
}
