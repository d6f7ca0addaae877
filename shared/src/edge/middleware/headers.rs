//! Headers of every response: the request's id, the security headers of OWASP's REST Security Cheat Sheet, and the rate
//! limit (draft-ietf-httpapi-ratelimit-headers).

use http::{HeaderName, HeaderValue, header};

use crate::domain::rate_limit::{Limit, RateLimitPolicy, RateLimitStatus};
use crate::edge::response::Response;

const ALWAYS: [(HeaderName, HeaderValue); 8] = [
    (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000; includeSubDomains")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-site")),
];

/// Sets the headers of every response.
pub(crate) fn set_common(response: &mut Response, request_id: &str) {
    response.headers.extend(ALWAYS);
    if response.body.is_none() {
        response.headers.remove(header::CONTENT_TYPE);
    }
    response.set(HeaderName::from_static("x-request-id"), request_id);
}

/// Sets `RateLimit-Policy` and `RateLimit`, both of one limit.
pub(crate) fn set_rate_limit(
    response: &mut Response,
    limit: Limit,
    policy: RateLimitPolicy,
    status: RateLimitStatus,
) {
    let name = limit.name();
    let policy = format!("\"{name}\";q={};w={}", policy.requests(), policy.window_seconds());
    response.set(HeaderName::from_static("ratelimit-policy"), &policy);
    let left = format!("\"{name}\";r={};t={}", status.remaining, status.reset_after);
    response.set(HeaderName::from_static("ratelimit"), &left);
}
