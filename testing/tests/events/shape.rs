//! Whether an event is one that API Gateway could have sent (HTTP API, payload format 2.0), with a token that lasts.
//! What must stay out: what a function makes of it.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jiff::fmt::strtime;
use local::template::RouteKey;
use serde_json::{Value, json};

/// What every event has, as JSON pointers.
const TEXTS: [&str; 16] = [
    "/version",
    "/routeKey",
    "/rawPath",
    "/rawQueryString",
    "/requestContext/accountId",
    "/requestContext/apiId",
    "/requestContext/domainName",
    "/requestContext/domainPrefix",
    "/requestContext/http/method",
    "/requestContext/http/path",
    "/requestContext/http/protocol",
    "/requestContext/http/sourceIp",
    "/requestContext/http/userAgent",
    "/requestContext/requestId",
    "/requestContext/stage",
    "/requestContext/time",
];
/// The headers that API Gateway adds or never leaves out.
const HEADERS: [&str; 6] =
    ["content-length", "host", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"];
/// 2100-01-01, in Unix seconds: until then the tokens are valid.
const VALID_UNTIL: i64 = 4_102_444_800;

/// What is wrong with an event for a function with these routes.
pub(crate) fn faults(event: &Value, routes: &[RouteKey]) -> Vec<String> {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
    let mut faults: Vec<_> =
        TEXTS.iter().filter(|name| text(name).is_none()).map(|name| format!("no {name}")).collect();
    let headers = &event["headers"];
    faults
        .extend(HEADERS.iter().filter(|name| !headers[**name].is_string()).map(|name| format!("no {name}")));
    let context = &event["requestContext"];
    let checks = [
        ("version", event["version"] == "2.0"),
        ("the route", routes.iter().any(|route| is_for(event, route))),
        ("its repetitions", repeats(event)),
        ("the time", time(context).is_ok_and(|time| context["time"] == time)),
        ("names of headers", headers.as_object().is_some_and(|all| all.keys().all(|name| is_lower(name)))),
        ("cookies", headers["cookie"].is_null()),
        ("the query", query(event) == event["queryStringParameters"]),
        ("the body's length", length(event).is_ok_and(|length| headers["content-length"] == length)),
        ("the token", token(event).is_none_or(|token| lasts(token).unwrap_or(false))),
    ];
    faults.extend(checks.iter().filter(|(_, right)| !right).map(|(what, _)| format!("{what} is wrong")));
    faults
}

fn is_lower(name: &str) -> bool {
    !name.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Whether the path is the route's, with the event's parameters in it.
fn is_for(event: &Value, route: &RouteKey) -> bool {
    let parameters = event["pathParameters"].as_object().into_iter().flatten();
    let path = parameters.fold(route.path.clone(), |path, (name, value)| {
        path.replace(&format!("{{{name}}}"), value.as_str().unwrap_or_default())
    });
    event["routeKey"] == route.to_string() && event["rawPath"] == path
}

/// Whether what an event says twice is the same.
fn repeats(event: &Value) -> bool {
    let context = &event["requestContext"];
    let pairs = [
        (&context["routeKey"], &event["routeKey"]),
        (&context["http"]["path"], &event["rawPath"]),
        (&context["http"]["userAgent"], &event["headers"]["user-agent"]),
        (&context["http"]["sourceIp"], &event["headers"]["x-forwarded-for"]),
        (&context["domainName"], &event["headers"]["host"]),
    ];
    pairs.iter().all(|(one, other)| one == other)
}

fn time(context: &Value) -> Result<String> {
    let milliseconds = context["timeEpoch"].as_i64().context("no time")?;
    Ok(strtime::format("%d/%b/%Y:%H:%M:%S +0000", Timestamp::from_millisecond(milliseconds)?)?)
}

fn query(event: &Value) -> Value {
    let pairs = event["rawQueryString"].as_str().unwrap_or_default().split('&');
    let pairs: serde_json::Map<_, _> = pairs
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    if pairs.is_empty() { Value::Null } else { json!(pairs) }
}

fn length(event: &Value) -> Result<String> {
    let body = event["body"].as_str().unwrap_or_default();
    let encoded = event["isBase64Encoded"].as_bool().context("isBase64Encoded is missing")?;
    let length = if encoded { BASE64_STANDARD.decode(body)?.len() } else { body.len() };
    Ok(length.to_string())
}

fn token(event: &Value) -> Option<&str> {
    let mut cookies = event["cookies"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let bearer = event["headers"]["authorization"].as_str().and_then(|header| header.strip_prefix("Bearer "));
    bearer.or_else(|| cookies.find_map(|cookie| cookie.strip_prefix("auth=")))
}

fn lasts(token: &str) -> Result<bool> {
    let claims = token.split('.').nth(1).context("no claims")?;
    let claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims)?)?;
    Ok(claims["exp"].as_i64().is_some_and(|expiry| expiry >= VALID_UNTIL))
}
