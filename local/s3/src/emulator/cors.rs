//! CORS of buckets, by the rules that `PutBucketCors` sets: preflights, and the headers of responses.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html>

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderName, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use s3s::S3Error;
use s3s::dto::CORSRule;

use super::errors::error;

/// Names in `Vary`, because the headers of responses depend on them.
const VARIES: &str = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";

/// Rules of each bucket. They need not survive a restart, because every stack sets them when it starts.
#[derive(Debug, Clone, Default)]
pub(super) struct Cors(Arc<Mutex<BTreeMap<String, Vec<CORSRule>>>>);

impl Cors {
    pub(super) fn set(&self, bucket: String, rules: Vec<CORSRule>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(bucket, rules);
    }

    /// Returns the headers that the first rule adds for a page that sends `method` with `headers`.
    fn headers(&self, request: &Request, method: &str, headers: &str) -> Option<HeaderMap> {
        let bucket = request.uri().path().trim_start_matches('/').split('/').next().unwrap_or_default();
        let origin = text(request, &ORIGIN)?;
        let rules = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rule = rules.get(bucket)?.iter().find(|rule| allows(rule, origin, method, headers))?;
        Some(added(rule, origin))
    }

    /// Returns the response to a preflight. One that no rule allows is refused.
    fn preflight(&self, request: &Request) -> Result<Response, S3Error> {
        let required = |header| text(request, header).ok_or_else(|| incomplete(header));
        let (method, _) = (required(&ACCESS_CONTROL_REQUEST_METHOD)?, required(&ORIGIN)?);
        let headers = text(request, &ACCESS_CONTROL_REQUEST_HEADERS).unwrap_or_default();
        let mut added = self.headers(request, method, headers).ok_or_else(not_allowed)?;
        if let Ok(headers) = headers.to_ascii_lowercase().parse() {
            added.insert(ACCESS_CONTROL_ALLOW_HEADERS, headers);
        }
        let mut response = Response::new(Body::empty());
        *response.headers_mut() = added;
        Ok(response)
    }
}

/// Handles preflights, and adds CORS headers to other responses.
pub(super) async fn handle(State(cors): State<Cors>, request: Request, next: Next) -> Response {
    if request.method() == Method::OPTIONS {
        return cors.preflight(&request).unwrap_or_else(response);
    }
    let added = cors.headers(&request, request.method().as_str(), "");
    let mut response = next.run(request).await;
    response.headers_mut().extend(added.unwrap_or_default());
    response
}

fn allows(rule: &CORSRule, origin: &str, method: &str, headers: &str) -> bool {
    let allowed = |name: &str| {
        let patterns = rule.allowed_headers.iter().flatten();
        patterns.into_iter().any(|pattern| matches(&pattern.to_ascii_lowercase(), &name.to_ascii_lowercase()))
    };
    rule.allowed_origins.iter().any(|pattern| matches(pattern, origin))
        && rule.allowed_methods.iter().any(|allowed| allowed == method)
        && headers.split(',').map(str::trim).all(|name| name.is_empty() || allowed(name))
}

/// Returns `true` if `text` is `pattern`, in which one `*` stands for any characters.
fn matches(pattern: &str, text: &str) -> bool {
    pattern.split_once('*').map_or(pattern == text, |(start, end)| {
        text.strip_prefix(start).is_some_and(|rest| rest.ends_with(end))
    })
}

fn added(rule: &CORSRule, origin: &str) -> HeaderMap {
    let exposed = rule.expose_headers.clone().unwrap_or_default().join(", ");
    let max_age = rule.max_age_seconds.map(|seconds| seconds.to_string()).unwrap_or_default();
    let headers = [
        (ACCESS_CONTROL_ALLOW_ORIGIN, origin),
        (ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"),
        (ACCESS_CONTROL_ALLOW_METHODS, &rule.allowed_methods.join(", ")),
        (ACCESS_CONTROL_EXPOSE_HEADERS, &exposed),
        (ACCESS_CONTROL_MAX_AGE, &max_age),
        (VARY, VARIES),
    ];
    let headers = headers.into_iter().filter(|(_, value)| !value.is_empty());
    headers.filter_map(|(name, value)| Some((name, HeaderValue::from_str(value).ok()?))).collect()
}

fn text<'r>(request: &'r Request, header: &HeaderName) -> Option<&'r str> {
    request.headers().get(header)?.to_str().ok()
}

fn incomplete(header: &HeaderName) -> S3Error {
    error(
        "BadRequest",
        StatusCode::BAD_REQUEST,
        format!("Insufficient information. {header} request header needed."),
    )
}

fn not_allowed() -> S3Error {
    let message = "CORSResponse: This CORS request is not allowed. This is usually because the evaluation of Origin, \
                   request method / Access-Control-Request-Method or Access-Control-Request-Headers are not \
                   whitelisted by the resource's CORS spec.";
    error("AccessForbidden", StatusCode::FORBIDDEN, message.to_owned())
}

fn response(error: S3Error) -> Response {
    error.to_http_response().map_or_else(|_| Response::default(), |response| response.map(Body::new))
}
