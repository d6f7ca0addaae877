//! API Gateway on one machine: an HTTP API with payload format 2.0 in front of the functions.
//! What must stay out: the processes of functions.
//!
//! Not emulated: authorizers, stages, throttling, and the limit of 10,240 bytes on headers.

mod content;
mod cors;
mod event;
mod reply;
mod router;
mod shown;

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
use shown::{Shown, noted};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::body::{ReadBodyError, collect, discard};
use crate::clock::Stopwatch;
use crate::journal::{Entry, Journal, Status};
use crate::lambda::{MAX_PAYLOAD, Outcome, Pool, Trace};
use crate::page::Page;
use crate::tasks::Task;

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
    pub(crate) journal: Journal,
}

/// Serves requests on `listener` until the returned task is dropped.
pub(crate) fn serve(listener: TcpListener, gateway: Gateway) -> Task {
    let app = axum::Router::new().fallback(handle).with_state(Arc::new(gateway));
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    // `serve` never returns by itself.
    Task::spawn(async move { drop(axum::serve(listener, service).await) })
}

/// Responds in a task of its own, because a client that disconnects ends this future, and its request needs a line too.
async fn handle(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (sender, response) = oneshot::channel();
    tokio::spawn(async move { gateway.handle(peer, request, sender).await });
    response.await.unwrap_or_else(|_| failure(StatusCode::INTERNAL_SERVER_ERROR))
}

impl Gateway {
    /// Sends the response to the client, and writes the request's line.
    async fn handle(&self, peer: SocketAddr, request: Request, client: oneshot::Sender<Response>) {
        let watch = Stopwatch::start();
        let target = request.uri().path_and_query().map_or("*", |target| target.as_str());
        let subject = format!("{:<6} {target}", request.method().as_str());
        let id = request_id();
        let mut response = self.respond(peer, &id, request).await.unwrap_or_else(|refused| refused);
        if let Ok(id) = id.parse() {
            response.headers_mut().insert("apigw-requestid", id);
        }
        if let Some(Shown { binary, trace, mut notes }) = response.extensions_mut().remove() {
            notes.extend(client.is_closed().then(|| "the client has disconnected".to_owned()));
            let status = Status::Http(response.status().as_u16());
            let entry = Entry { binary, status, subject, took: watch.elapsed(), id, notes };
            self.journal.add(entry, trace);
        }
        // It fails only for a client that has disconnected.
        drop(client.send(response));
    }

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
            let note = "the event with this body is larger than Lambda's 6 MB";
            return Err(noted(failure(StatusCode::PAYLOAD_TOO_LARGE), note));
        }
        let trace = Trace::of_request(id);
        let invoked = match matched.target.refresh(&trace).await {
            Ok(()) => invoke(matched.target, event.into(), &trace).await,
            Err(messages) => {
                trace.end();
                Ok(noted(reply::broken(messages), "doesn't compile"))
            }
        };
        let add = |response| shown(response, matched.target.binary(), &trace);
        let mut response = invoked.map(add).map_err(add)?;
        // API Gateway adds these headers only to responses of an integration, not to its own errors.
        if let Some(cors) = &self.cors {
            cors.apply(&parts.headers, response.headers_mut());
            if let Some(reason) = cors.foreign_origin(&parts.headers) {
                response = noted(response, reason);
            }
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
            Some(cors) if request.method == Method::OPTIONS => {
                let response = cors.preflight(&request.headers);
                match cors.refusal(&request.headers) {
                    Some(reason) => noted(response, reason),
                    None => response,
                }
            }
            _ => noted(failure(StatusCode::NOT_FOUND), self.no_route(request)),
        }
    }

    /// Formats the reason of a 404, with the routes that the caller may mean.
    fn no_route(&self, request: &Parts) -> String {
        match self.router.suggestion(&router::path(request.uri.path())) {
            Some(routes) => format!("no route; did you mean {routes}?"),
            None => "no route".to_owned(),
        }
    }
}

/// Adds the invocation to a response's line.
fn shown(mut response: Response, binary: &str, trace: &Arc<Trace>) -> Response {
    let line = response.extensions_mut().get_or_insert_default::<Shown>();
    (line.binary, line.trace) = (Some(binary.to_owned()), Some(Arc::clone(trace)));
    response
}

/// Invokes the function. Without a valid response the gateway returns an error of its own.
async fn invoke(pool: &Arc<Pool>, event: Bytes, trace: &Arc<Trace>) -> Result<Response, Response> {
    let in_time = tokio::time::timeout(INTEGRATION_TIMEOUT, pool.invoke(event, trace)).await;
    let Ok(outcome) = in_time else {
        let note = format!("timed out: API Gateway waits {} s", INTEGRATION_TIMEOUT.as_secs());
        return Err(noted(failure(StatusCode::SERVICE_UNAVAILABLE), note));
    };
    let status = match outcome {
        Outcome::TimedOut | Outcome::Throttled => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    match &outcome {
        Outcome::Response(payload) => {
            let malformed = || noted(failure(status), "the function's response is malformed");
            reply::response(payload).ok_or_else(malformed)
        }
        _ => Err(noted(failure(status), outcome.problem().unwrap_or_default())),
    }
}

/// Reads the whole body. If its `Content-Length` is too large, it is refused unread.
async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Response> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > MAX_BODY) {
        // A client that waits for `100 Continue` reads the response without sending the body.
        if !headers.contains_key(header::EXPECT) {
            discard(body.into_data_stream());
        }
        return Err(too_large());
    }
    collect(body, MAX_BODY).await.map_err(|error| match error {
        ReadBodyError::TooLarge => too_large(),
        ReadBodyError::Broken => noted(failure(StatusCode::BAD_REQUEST), "the body is incomplete"),
    })
}

fn too_large() -> Response {
    noted(failure(StatusCode::PAYLOAD_TOO_LARGE), "the body is larger than API Gateway's 10 MB")
}
