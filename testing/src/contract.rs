//! Rules for all responses of this service: the envelope, the headers, and no implementation details.

use anyhow::{Result, ensure};
use http::{HeaderMap, HeaderName};
use local::client::{Client, Response};
use serde_json::{Map, Value};

/// Headers of every response, with the values that they must have.
const HEADERS: [(&str, &str); 8] = [
    ("content-type", "application/json"),
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("cross-origin-resource-policy", "same-site"),
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("x-frame-options", "DENY"),
];

/// Other headers that responses may have, besides those of CORS.
const OTHERS: [&str; 14] = [
    "accept-encoding",
    "apigw-requestid",
    "content-length",
    "date",
    "etag",
    "idempotency-replayed",
    "location",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "transfer-encoding",
    "vary",
    "www-authenticate",
    "x-request-id",
];

/// Status and code of every refusal.
const REFUSALS: [&str; 15] = [
    "400 INVALID_JSON",
    "400 VALIDATION_ERROR",
    "400 INVALID_MULTIPART",
    "400 INVALID_IDEMPOTENCY_KEY",
    "401 UNAUTHORIZED",
    "403 FORBIDDEN",
    "403 CROSS_SITE_REQUEST",
    "404 NOT_FOUND",
    "409 CONFLICT",
    "413 PAYLOAD_TOO_LARGE",
    "415 UNSUPPORTED_MEDIA_TYPE",
    "422 UNPROCESSABLE_ENTITY",
    "429 RATE_LIMITED",
    "500 INTERNAL_ERROR",
    "503 SERVICE_UNAVAILABLE",
];

/// Issue codes of Zod 4.
const ISSUE_CODES: [&str; 5] = ["invalid_type", "too_small", "too_big", "invalid_format", "custom"];

/// Words that would disclose the implementation to a caller.
const INTERNALS: [&str; 14] = [
    "dynamo",
    "aws",
    "sdk",
    "s3",
    "table",
    "bucket",
    "sqlite",
    "127.0.0.1",
    "localhost",
    "http:",
    "/src",
    "/work",
    ".rs",
    "panic",
];

/// Makes the client fail on a response that breaks a rule for all responses.
#[must_use]
pub fn strict(client: Client) -> Client {
    client.checked(faults)
}

/// Converts a function's own response to the one that a client receives.
///
/// # Errors
/// The response breaks a rule for all responses.
pub fn received(response: &Value) -> Result<Response> {
    let mut headers = HeaderMap::new();
    for (name, value) in response["headers"].as_object().into_iter().flatten() {
        headers.insert(HeaderName::from_bytes(name.as_bytes())?, value.as_str().unwrap_or_default().parse()?);
    }
    if let Some(id) = headers.get("x-request-id").cloned() {
        headers.insert("apigw-requestid", id);
    }
    let status =
        response["statusCode"].as_u64().and_then(|status| status.try_into().ok()).unwrap_or_default();
    let body = response["body"].as_str().unwrap_or_default().to_owned().into();
    let response = Response { status, headers, body };
    let faults = faults(&response);
    ensure!(faults.is_empty(), "{response:?}: {}", faults.join("; "));
    Ok(response)
}

/// Lists the rules for all responses that this one breaks.
fn faults(response: &Response) -> Vec<String> {
    let mut faults = header_faults(response);
    if response.status == 204 {
        faults.extend((!response.body.is_empty()).then(|| "a 204 has no body".to_owned()));
        return faults;
    }
    let body = response.json();
    let envelope = body.as_object().cloned().unwrap_or_default();
    match envelope.get("error") {
        _ if envelope.len() != 1 => faults.push("the body is not an envelope".to_owned()),
        None if matches!(response.status, 200 | 201 | 302) && envelope.contains_key("data") => {}
        Some(Value::Object(error)) => faults.extend(error_faults(response, error)),
        _ => faults.push("the body is not the envelope of this status".to_owned()),
    }
    faults
}

fn header_faults(response: &Response) -> Vec<String> {
    let limited = response.status == 429;
    let retry_after = response.header("retry-after").parse::<u64>().ok().filter(|seconds| *seconds > 0);
    let has = |name: &str| response.headers.contains_key(name);
    let rules = [
        (!response.header("x-request-id").is_empty(), "x-request-id is missing"),
        (
            response.header("x-request-id") == response.header("apigw-requestid"),
            "x-request-id is not the gateway's",
        ),
        (has("www-authenticate") == (response.status == 401), "WWW-Authenticate belongs to a 401 only"),
        (retry_after.is_some() == matches!(response.status, 429 | 503), "Retry-After belongs to 429 and 503"),
        (has("ratelimit") == has("ratelimit-policy"), "RateLimit and RateLimit-Policy belong together"),
        (!has("ratelimit") || response.rate_limit().is_some(), "RateLimit is malformed"),
        (
            !limited || response.rate_limit() == retry_after.map(|t| (0, t)),
            "RateLimit of a 429 does not match its Retry-After",
        ),
    ];
    let is_empty = response.status == 204;
    let exact =
        HEADERS.map(|(name, value)| (name, if is_empty && name == "content-type" { "" } else { value }));
    let exact = exact.into_iter().filter(|(name, value)| response.header(name) != *value);
    let exact = exact.map(|(name, _)| format!("{name} is {:?}", response.header(name)));
    let broken = rules.iter().filter(|(kept, _)| !kept).map(|(_, rule)| (*rule).to_owned());
    let known = |name: &str| {
        OTHERS.contains(&name)
            || name.starts_with("access-control-")
            || HEADERS.iter().any(|(own, _)| *own == name)
    };
    let unknown = response.headers.keys().filter(|name| !known(name.as_str()));
    exact.chain(broken).chain(unknown.map(|name| format!("no response should have {name}"))).collect()
}

fn error_faults(response: &Response, error: &Map<String, Value>) -> Vec<String> {
    let mut faults = Vec::new();
    if !REFUSALS.contains(&response.status_and_code().as_str()) {
        faults.push(format!("{} is not a known refusal", response.status_and_code()));
    }
    if let Some(key) =
        error.keys().find(|key| !["code", "message", "field", "issues"].contains(&key.as_str()))
    {
        faults.push(format!("an error has no {key}"));
    }
    let issues = error.get("issues").and_then(Value::as_array).cloned().unwrap_or_default();
    if issues.is_empty() == (response.code() == "VALIDATION_ERROR") {
        faults.push("issues belong to a VALIDATION_ERROR only".to_owned());
    }
    if let Some(first) = response.issues().first()
        && response.field() != first.0
    {
        faults.push("field is not the first issue's".to_owned());
    }
    faults.extend(issues.iter().filter_map(issue_fault));
    let messages = issues.iter().map(|issue| &issue["message"]).chain([&error["message"]]);
    faults.extend(messages.filter_map(message_fault));
    faults
}

fn issue_fault(issue: &Value) -> Option<String> {
    let known = issue["code"].as_str().is_some_and(|code| ISSUE_CODES.contains(&code));
    let whole = known && issue["path"].is_array() && issue.as_object().is_some_and(|issue| issue.len() == 3);
    (!whole).then(|| format!("{issue} is not an issue"))
}

fn message_fault(message: &Value) -> Option<String> {
    let text = message.as_str().unwrap_or_default().to_lowercase();
    let leak = INTERNALS.iter().find(|word| text.contains(**word));
    (text.is_empty() || leak.is_some()).then(|| format!("a message is empty or discloses too much: {text:?}"))
}
