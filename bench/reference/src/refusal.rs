//! Reasons to refuse a request.

use lambda_runtime::Error;
use serde::Serialize;

/// Policy and remaining requests of a caller, for the `RateLimit` headers.
pub(crate) struct RateLimitStatus {
    pub(crate) requests: u64,
    pub(crate) seconds: u64,
    pub(crate) remaining: u64,
    pub(crate) reset: u64,
}

/// Reason to refuse a request.
pub(crate) enum Refusal {
    Unauthorized { token_sent: bool },
    Forbidden,
    Invalid(Vec<Issue>),
    RateLimited(RateLimitStatus),
    Unavailable(Error),
    Internal(Error),
}

#[derive(Serialize)]
pub(crate) struct Issue {
    pub(crate) path: [&'static str; 1],
    code: &'static str,
    message: &'static str,
}

impl Issue {
    pub(crate) fn new(field: &'static str, code: &'static str, message: &'static str) -> Self {
        Self { path: [field], code, message }
    }
}

impl Refusal {
    /// Returns the status, the code and the message.
    pub(crate) fn parts(&self) -> (u16, &'static str, String) {
        let (status, code, message) = match self {
            Self::Unauthorized { .. } => (401, "UNAUTHORIZED", "Authentication is required"),
            Self::Forbidden => (403, "FORBIDDEN", "You are not a member of this organization"),
            Self::Invalid(_) => (400, "VALIDATION_ERROR", "The request is invalid"),
            Self::RateLimited(RateLimitStatus { reset, .. }) => {
                return (429, "RATE_LIMITED", format!("Too many requests, try again in {reset} s"));
            }
            Self::Unavailable(_) => {
                (503, "SERVICE_UNAVAILABLE", "The service is temporarily unavailable, try again shortly")
            }
            Self::Internal(_) => (500, "INTERNAL_ERROR", "Something went wrong on our side"),
        };
        (status, code, message.to_owned())
    }

    /// Returns the cause, for the log only.
    pub(crate) fn cause(&self) -> Option<&Error> {
        match self {
            Self::Unavailable(error) | Self::Internal(error) => Some(error),
            _ => None,
        }
    }
}
