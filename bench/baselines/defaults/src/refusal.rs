//! Reasons to refuse a request.

use lambda_http::http::StatusCode;
use serde::Serialize;

/// Policy and remaining requests of a caller, for the `RateLimit` headers.
pub struct RateLimitStatus {
    pub requests: u64,
    pub seconds: u64,
    pub remaining: u64,
    pub reset: u64,
}

/// Reason to refuse a request.
pub enum Refusal {
    Unauthorized { token_sent: bool },
    Forbidden,
    Invalid(Vec<Issue>),
    RateLimited(RateLimitStatus),
    Unavailable,
    Internal,
}

#[derive(Serialize)]
pub struct Issue {
    pub(crate) path: [&'static str; 1],
    code: &'static str,
    message: &'static str,
}

impl Issue {
    pub fn new(field: &'static str, code: &'static str, message: &'static str) -> Self {
        Self { path: [field], code, message }
    }
}

impl Refusal {
    /// Returns the status, the code and the message.
    pub fn parts(&self) -> (StatusCode, &'static str, String) {
        let (status, code, message) = match self {
            Self::Unauthorized { .. } => {
                (StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "Authentication is required")
            }
            Self::Forbidden => {
                (StatusCode::FORBIDDEN, "FORBIDDEN", "You are not a member of this organization")
            }
            Self::Invalid(_) => (StatusCode::BAD_REQUEST, "VALIDATION_ERROR", "The request is invalid"),
            Self::RateLimited(RateLimitStatus { reset, .. }) => {
                let message = format!("Too many requests, try again in {reset} s");
                return (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message);
            }
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "SERVICE_UNAVAILABLE",
                "The service is temporarily unavailable, try again shortly",
            ),
            Self::Internal => {
                (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "Something went wrong on our side")
            }
        };
        (status, code, message.to_owned())
    }
}
