//! Everything that a request can be refused with, and the one map from errors to status and code.

use http::StatusCode;

use super::auth::Refusal;
use crate::domain;
use crate::domain::rate_limit::Rejection;

/// The result of a handler.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a request is refused. `Display` is what the caller reads; `source()` is for the log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The body is empty or not JSON.
    #[error("The body is not valid JSON")]
    InvalidJson,
    /// The body is not what `multipart/form-data` says it is.
    #[error("The body is not valid multipart/form-data")]
    InvalidMultipart,
    /// The header is empty, too long or not visible ASCII.
    #[error("Idempotency-Key must be 1 to 255 visible ASCII characters")]
    InvalidIdempotencyKey,
    /// There is no valid token.
    #[error("Authentication is required")]
    Unauthorized {
        /// Reason why the token was refused, for the log; nothing where none was sent.
        refused: Option<Refusal>,
    },
    /// Another site started a request with the user's cookie.
    #[error("This request was started by another site")]
    CrossSite,
    /// The body, or the file in it, is too large.
    #[error("The {what} is larger than {limit} bytes")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How many bytes it may have.
        limit: usize,
    },
    /// The body is of another media type than the route takes.
    #[error("The Content-Type must be {0}")]
    UnsupportedMediaType(&'static str),
    /// The body is compressed, or encoded in another way.
    #[error("The Content-Encoding must be identity")]
    ContentCoding,
    /// The caller has used up their requests for now.
    #[error("Too many requests, try again in {} s", .0.retry_after)]
    RateLimited(Rejection),
    /// What the domain or the storage decided.
    #[error(transparent)]
    Domain(#[from] domain::Error),
}

impl Error {
    /// The status and the code of each error; the only place that knows both.
    pub(super) fn status(&self) -> (StatusCode, &'static str) {
        match self {
            Self::InvalidJson => (StatusCode::BAD_REQUEST, "INVALID_JSON"),
            Self::InvalidMultipart => (StatusCode::BAD_REQUEST, "INVALID_MULTIPART"),
            Self::InvalidIdempotencyKey => (StatusCode::BAD_REQUEST, "INVALID_IDEMPOTENCY_KEY"),
            Self::Unauthorized { .. } => (StatusCode::UNAUTHORIZED, "UNAUTHORIZED"),
            Self::CrossSite => (StatusCode::FORBIDDEN, "CROSS_SITE_REQUEST"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE"),
            Self::UnsupportedMediaType(_) | Self::ContentCoding => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE")
            }
            Self::RateLimited(_) => (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"),
            Self::Domain(error) => domain_status(error),
        }
    }
}

fn domain_status(error: &domain::Error) -> (StatusCode, &'static str) {
    match error {
        domain::Error::Invalid(_) => (StatusCode::BAD_REQUEST, "VALIDATION_ERROR"),
        domain::Error::NotAMember => (StatusCode::FORBIDDEN, "FORBIDDEN"),
        domain::Error::NotFound(_) => (StatusCode::NOT_FOUND, "NOT_FOUND"),
        domain::Error::Conflict { .. } => (StatusCode::CONFLICT, "CONFLICT"),
        domain::Error::TypeNotAllowed => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE"),
        domain::Error::Unprocessable(_) => (StatusCode::UNPROCESSABLE_ENTITY, "UNPROCESSABLE_ENTITY"),
        domain::Error::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNAVAILABLE"),
        domain::Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR"),
    }
}
