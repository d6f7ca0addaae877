//! The headers of every response: the request's id, the security headers of OWASP's REST Security Cheat Sheet, and
//! what is left of the caller's requests (draft-ietf-httpapi-ratelimit-headers).

use http::HeaderName;

use super::error::Result;
use super::reply::Response;
use crate::domain::rate_limit::{Quota, RateLimit};

const SECURITY: [(HeaderName, &str); 7] = [
    (http::header::CONTENT_TYPE, "application/json"),
    (http::header::CACHE_CONTROL, "no-store"),
    (http::header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (http::header::REFERRER_POLICY, "no-referrer"),
    (http::header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
    (http::header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-site"),
];

/// Sets what every response has.
pub(super) fn set_common(response: &mut Response, request_id: &str) -> Result<()> {
    for (name, value) in SECURITY {
        response.set(name, value)?;
    }
    response.set(http::header::X_FRAME_OPTIONS, "DENY")?;
    response.set(HeaderName::from_static("x-request-id"), request_id)
}

/// Sets what is left of the caller's requests.
pub(super) fn set_quota(response: &mut Response, limit: RateLimit, quota: Quota) -> Result<()> {
    let policy = format!("\"default\";q={};w={}", limit.requests(), limit.window_seconds());
    response.set(HeaderName::from_static("ratelimit-policy"), &policy)?;
    let left = format!("\"default\";r={};t={}", quota.left, quota.reset);
    response.set(HeaderName::from_static("ratelimit"), &left)
}
