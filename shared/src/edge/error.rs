//! Everything that a request can be refused with, and the one map from errors to status and code.

use http::StatusCode;

use super::refusal::Refusal;
use crate::domain::rate_limit::RateLimited;
use crate::domain::{self, Kind};

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
    RateLimited(RateLimited),
    /// What the domain or the storage decided.
    #[error(transparent)]
    Domain(#[from] domain::Error),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Unauthorized { refused: Some(refusal) }
    }
}

/// Status of a refusal, and the code that clients program against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ErrorCode {
    status: u16,
    code: &'static str,
}

macro_rules! codes {
    ($($name:ident = $status:literal;)*) => {
        impl ErrorCode {
            $(
                #[doc = concat!("`", stringify!($status), " ", stringify!($name), "`.")]
                pub const $name: Self = Self { status: $status, code: stringify!($name) };
            )*
        }
    };
}

codes! {
    INVALID_JSON = 400;
    INVALID_MULTIPART = 400;
    INVALID_IDEMPOTENCY_KEY = 400;
    VALIDATION_ERROR = 400;
    UNAUTHORIZED = 401;
    FORBIDDEN = 403;
    CROSS_SITE_REQUEST = 403;
    NOT_FOUND = 404;
    CONFLICT = 409;
    PAYLOAD_TOO_LARGE = 413;
    UNSUPPORTED_MEDIA_TYPE = 415;
    UNPROCESSABLE_ENTITY = 422;
    RATE_LIMITED = 429;
    INTERNAL_ERROR = 500;
    SERVICE_UNAVAILABLE = 503;
}

impl ErrorCode {
    /// Returns a code of an application's own: that of [`domain::Error::Refused`].
    #[must_use]
    pub const fn own(kind: Kind, code: &'static str) -> Self {
        let status = match kind {
            Kind::Forbidden => 403,
            Kind::Conflict => 409,
            Kind::Unprocessable => 422,
        };
        Self { status, code }
    }

    /// Status of HTTP.
    #[must_use]
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Code in the envelope.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.code
    }
}

impl Error {
    /// Returns the status and the code of an error; the only place that knows both.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidJson => ErrorCode::INVALID_JSON,
            Self::InvalidMultipart => ErrorCode::INVALID_MULTIPART,
            Self::InvalidIdempotencyKey => ErrorCode::INVALID_IDEMPOTENCY_KEY,
            Self::Unauthorized { .. } => ErrorCode::UNAUTHORIZED,
            Self::CrossSite => ErrorCode::CROSS_SITE_REQUEST,
            Self::TooLarge { .. } => ErrorCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType(_) | Self::ContentCoding => ErrorCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RateLimited(_) => ErrorCode::RATE_LIMITED,
            Self::Domain(error) => domain_code(error),
        }
    }
}

fn domain_code(error: &domain::Error) -> ErrorCode {
    match error {
        domain::Error::Invalid(_) => ErrorCode::VALIDATION_ERROR,
        domain::Error::Forbidden(_) => ErrorCode::FORBIDDEN,
        domain::Error::NotFound(_) => ErrorCode::NOT_FOUND,
        domain::Error::Conflict { .. } | domain::Error::VersionMismatch { .. } => ErrorCode::CONFLICT,
        domain::Error::TypeNotAllowed => ErrorCode::UNSUPPORTED_MEDIA_TYPE,
        domain::Error::Unprocessable(_) => ErrorCode::UNPROCESSABLE_ENTITY,
        domain::Error::Refused { kind, code, .. } => ErrorCode::own(*kind, code),
        domain::Error::Unavailable(_) => ErrorCode::SERVICE_UNAVAILABLE,
        domain::Error::Internal(_) => ErrorCode::INTERNAL_ERROR,
    }
}
