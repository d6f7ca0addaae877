//! Request that a function makes up for its warm-up.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::response::Response;
use super::route::Route;
use crate::domain::Caller;
use crate::domain::time::epoch_millis;
use crate::telemetry::Invocation;

/// Every id of the request, those of its organization and its user included.
const ID: &str = "00000000-0000-7000-8000-000000000000";

/// Maximum time of the request. Most need three milliseconds.
pub(super) const TIME: Duration = Duration::from_millis(500);

/// Returns the event of a request, as an HTTP API sends it (payload format 2.0).
pub(super) fn event<A, I, K>(route: &Route<A, I, K>, token: &str) -> Value {
    let (media_type, body) = route.made_up.unwrap_or_default();
    let names = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameters: Map<_, _> = names.map(|name| (name.to_owned(), ID.into())).collect();
    let path: Vec<_> =
        route.path.split('/').map(|part| if part.starts_with('{') { ID } else { part }).collect();
    json!({
        "version": "2.0", "routeKey": "-", "rawPath": path.join("/"), "rawQueryString": "",
        "headers": {
            "accept": "application/json", "authorization": format!("Bearer {token}"), "host": "localhost",
            "content-type": media_type, "if-match": "\"1\"", "user-agent": "-", "x-forwarded-for": "127.0.0.1",
        },
        "body": body,
        "pathParameters": parameters,
        "requestContext": {
            "domainName": "localhost", "requestId": "-",
            "http": { "method": route.method.as_str(), "sourceIp": "127.0.0.1" },
        },
        "isBase64Encoded": false,
    })
}

/// Returns the invocation. Its deadline is far away, so that the pipeline's timeout is later than [`TIME`].
pub(super) fn invocation(now: Timestamp) -> Invocation {
    Invocation { id: "-".to_owned(), deadline: epoch_millis(now).saturating_add(60_000), trace: None }
}

/// Returns the caller, a member of the organization.
pub(super) fn caller() -> Option<Caller> {
    Some(Caller::new(ID.parse().ok()?, vec![ID.parse().ok()?]))
}

/// Returns the response of a route whose handler does not run.
pub(super) fn response() -> Response {
    Response { status: StatusCode::NO_CONTENT, headers: HeaderMap::new(), body: None }
}
