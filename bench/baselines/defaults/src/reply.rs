//! Responses of successes and refusals.

use lambda_http::http::StatusCode;
use lambda_http::http::response::Builder;
use lambda_http::{Error, Response};
use serde::Serialize;
use serde_json::json;

use crate::projects::Page;
use crate::refusal::{RateLimitStatus, Refusal};

const HEADERS: [(&str, &str); 8] = [
    ("content-type", "application/json"),
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-resource-policy", "same-site"),
];

#[derive(Serialize)]
struct Envelope<'a> {
    data: &'a Page,
}

pub fn response(
    page: &Page,
    id: &str,
    rate_limit: Option<RateLimitStatus>,
) -> Result<Response<String>, Error> {
    let body = serde_json::to_string(&Envelope { data: page })?;
    Ok(common(StatusCode::OK, id, rate_limit.as_ref()).body(body)?)
}

pub fn refuse(
    refusal: &Refusal,
    id: &str,
    rate_limit: Option<RateLimitStatus>,
) -> Result<Response<String>, Error> {
    let (status, code, message) = refusal.parts();
    let mut error = json!({ "code": code, "message": message });
    let rate_limit =
        if let Refusal::RateLimited(rate_limit) = refusal { Some(rate_limit) } else { rate_limit.as_ref() };
    let mut response = common(status, id, rate_limit);
    match refusal {
        Refusal::Unauthorized { token_sent: true } => {
            response = response.header("www-authenticate", "Bearer error=\"invalid_token\"");
        }
        Refusal::Unauthorized { token_sent: false } => {
            response = response.header("www-authenticate", "Bearer");
        }
        Refusal::RateLimited(rate_limit) => response = response.header("retry-after", rate_limit.reset),
        Refusal::Unavailable => response = response.header("retry-after", 1),
        Refusal::Invalid(issues) => {
            error["field"] = json!(issues.first().map(|issue| issue.path[0]));
            error["issues"] = json!(issues);
        }
        Refusal::Forbidden | Refusal::Internal => {}
    }
    Ok(response.body(json!({ "error": error }).to_string())?)
}

fn common(status: StatusCode, id: &str, rate_limit: Option<&RateLimitStatus>) -> Builder {
    let mut response = Response::builder().status(status).header("x-request-id", id);
    for (name, value) in HEADERS {
        response = response.header(name, value);
    }
    if let Some(RateLimitStatus { requests, seconds, remaining, reset }) = rate_limit {
        response = response
            .header("ratelimit-policy", format!("\"default\";q={requests};w={seconds}"))
            .header("ratelimit", format!("\"default\";r={remaining};t={reset}"));
    }
    response
}
