//! API Gateway on one machine: an HTTP API with payload format 2.0 in front of the functions.
//! What must stay out: the processes of functions.
//!
//! Not emulated: authorizers, stages, throttling, and the limit of 10,240 bytes on headers.

mod content;
mod cors;
mod event;
mod reply;
mod router;

pub(crate) use cors::Cors;
pub(crate) use event::{GatewayRequest, request_id};
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
use crate::page::{Page, Unlisted};
use crate::tasks::Task;
use crate::{clock, lambda::Log, terminal};

/// Largest request body, in bytes.
const MAX_BODY: usize = 10 * 1024 * 1024;
/// Timeout of an HTTP API for a function, independent of the function's own.
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

/// State of the gateway.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) router: Router<Arc<Pool>>,
    /// CORS settings, if the template has any.
    pub(crate) cors: Option<Cors>,
    /// Page for a browser, if the stack has one.
    pub(crate) page: Option<Page>,
    pub(crate) port: u16,
    pub(crate) log: Log,
}

/// Serves requests on `listener` until the returned task is dropped.
pub(crate) fn serve(listener: TcpListener, gateway: Gateway) -> Task {
    let app = axum::Router::new().fallback(handle).with_state(Arc::new(gateway));
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    // `serve` never returns by itself.
    Task::spawn(async move { drop(axum::serve(listener, service).await) })
}

async fn handle(
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
    if gateway.log == Log::Print && response.extensions().get::<Unlisted>().is_none() {
        let status = response.status().as_u16();
        terminal::say(&format!("{line} -> {status} in {} ms", watch.elapsed().as_millis()));
    }
    response
}

impl Gateway {
    async fn respond(&self, peer: SocketAddr, id: &str, request: Request) -> Result<Response, Response> {
        let (parts, body) = request.into_parts();
        let path = router::path(parts.uri.path());
        let Some(matched) = self.router.find(&parts.method, &path) else {
            return Err(self.unrouted(&parts, body).await);
        };
        let body = read(&parts.headers, body).await?;
        let request = GatewayRequest { parts: &parts, path: &path, body: &body, peer, port: self.port, id };
        let event = request.event(&matched.route, &matched.parameters);
        if event.len() > MAX_PAYLOAD {
            return Err(failure(StatusCode::PAYLOAD_TOO_LARGE));
        }
        let mut response = invoke(matched.target, event.into()).await?;
        // API Gateway adds these headers only to responses of an integration, not to its own errors.
        if let Some(cors) = &self.cors {
            cors.apply(&parts.headers, response.headers_mut());
        }
        Ok(response)
    }

    /// Returns the response to a request without a route: the page's, a preflight for `OPTIONS` if the API has CORS,
    /// otherwise 404.
    async fn unrouted(&self, request: &Parts, body: Body) -> Response {
        if let Some(page) = &self.page
            && let Some(response) = page.respond(request, body).await
        {
            return response;
        }
        match &self.cors {
            Some(cors) if request.method == Method::OPTIONS => cors.preflight(&request.headers),
            _ => failure(StatusCode::NOT_FOUND),
        }
    }
}

/// Invokes the function. Without a valid response the gateway returns an error of its own.
async fn invoke(pool: &Arc<Pool>, event: Bytes) -> Result<Response, Response> {
    let in_time = tokio::time::timeout(INTEGRATION_TIMEOUT, pool.invoke(event)).await;
    let response = match in_time.unwrap_or(Outcome::TimedOut) {
        Outcome::Response(payload) => reply::response(&payload),
        Outcome::Error(_) | Outcome::Failed(_) => None,
        Outcome::TimedOut | Outcome::Throttled => return Err(failure(StatusCode::SERVICE_UNAVAILABLE)),
    };
    response.ok_or_else(|| failure(StatusCode::INTERNAL_SERVER_ERROR))
}

/// Reads the whole body. If its `Content-Length` is too large, it is refused unread.
async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Response> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > MAX_BODY) {
        // A client that waits for `100 Continue` reads the response without sending the body.
        if !headers.contains_key(header::EXPECT) {
            discard(body.into_data_stream());
        }
        return Err(failure(StatusCode::PAYLOAD_TOO_LARGE));
    }
    collect(body, MAX_BODY).await.map_err(|error| match error {
        ReadBodyError::TooLarge => failure(StatusCode::PAYLOAD_TOO_LARGE),
        ReadBodyError::Broken => failure(StatusCode::BAD_REQUEST),
    })
}
