//! Errors that refuse a request, and the only map from them to status and code.

use http::StatusCode;

use super::refusal::Refusal;
use crate::domain::rate_limit::{Limit, RateLimited};
use crate::domain::{self, Kind};

/// Result of a handler.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Error that refuses a request. Its `Display` is for the caller, its `source()` for the log.
///
/// ```
/// use shared::domain;
/// use shared::edge::Error;
///
/// let error = Error::from(domain::Error::NotFound("Invoice"));
/// assert_eq!(error.to_string(), "Invoice not found");
/// ```
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The body is empty or not JSON.
    #[error("The body is not valid JSON")]
    InvalidJson,
    /// The body is malformed `multipart/form-data`.
    #[error("The body is not valid multipart/form-data")]
    InvalidMultipart,
    /// The header is empty, too long or not visible ASCII.
    #[error("Idempotency-Key must be 1 to 255 visible ASCII characters")]
    InvalidIdempotencyKey,
    /// The token is missing or invalid.
    #[error("Authentication is required")]
    Unauthorized {
        /// Reason for the log. `None` if no token was sent.
        refused: Option<Refusal>,
    },
    /// The request did not come through the proxy in front of the API.
    #[error("This address is closed: use the public address of the API")]
    NotThroughProxy,
    /// Another site sent the request with the user's cookie (CSRF).
    #[error("This request was started by another site")]
    CrossSite,
    /// The body, or the file in it, is too large.
    #[error("The {what} is larger than {limit} bytes")]
    TooLarge {
        /// Name of the part, for the message.
        what: &'static str,
        /// Maximum in bytes.
        limit: u64,
    },
    /// The body has another media type than this one.
    #[error("The Content-Type must be {0}")]
    UnsupportedMediaType(&'static str),
    /// The body is compressed or has another content coding.
    #[error("The Content-Encoding must be identity")]
    ContentCoding,
    /// The caller, or the organization, is over its rate limit.
    #[error("{}, try again in {} s", too_many(.0), .1.retry_after)]
    RateLimited(Limit, RateLimited),
    /// Error of the domain or the storage.
    #[error(transparent)]
    Domain(#[from] domain::Error),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Unauthorized { refused: Some(refusal) }
    }
}

/// Status of an error, and the code that clients program against.
///
/// ```
/// use shared::edge::{ErrorCode, StatusCode};
///
/// assert_eq!(ErrorCode::NOT_FOUND.status(), StatusCode::NOT_FOUND);
/// assert_eq!(ErrorCode::NOT_FOUND.as_str(), "NOT_FOUND");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ErrorCode {
    status: u16,
    code: &'static str,
}

macro_rules! codes {
    ($(#[doc = $meaning:literal] $name:ident = $status:literal;)*) => {
        impl ErrorCode {
            $(
                #[doc = concat!("`", stringify!($status), " ", stringify!($name), "`:", $meaning)]
                pub const $name: Self = Self { status: $status, code: stringify!($name) };
            )*

            /// Returns the meaning of the code, for the API's description.
            pub(super) fn meaning(self) -> &'static str {
                match self.code {
                    $(stringify!($name) => $meaning.trim_ascii(),)*
                    _ => "A code of this application.",
                }
            }
        }
    };
}

codes! {
    /// The body is empty or not JSON.
    INVALID_JSON = 400;
    /// The body is malformed `multipart/form-data`.
    INVALID_MULTIPART = 400;
    /// The `Idempotency-Key` is empty, too long or not visible ASCII.
    INVALID_IDEMPOTENCY_KEY = 400;
    /// The input breaks rules, which `issues` lists.
    VALIDATION_ERROR = 400;
    /// The token is missing or invalid.
    UNAUTHORIZED = 401;
    /// The caller may not do this. The same for an organization that doesn't exist.
    FORBIDDEN = 403;
    /// Another site sent the request with the user's cookie (CSRF).
    CROSS_SITE_REQUEST = 403;
    /// The caller's scope has no such resource.
    NOT_FOUND = 404;
    /// The request contradicts stored data.
    CONFLICT = 409;
    /// The body, or the file in it, is too large.
    PAYLOAD_TOO_LARGE = 413;
    /// The body has a media type or a content coding that is not accepted.
    UNSUPPORTED_MEDIA_TYPE = 415;
    /// The request can't be carried out in its present form.
    UNPROCESSABLE_ENTITY = 422;
    /// The caller is over the rate limit.
    RATE_LIMITED = 429;
    /// A defect of the service.
    INTERNAL_ERROR = 500;
    /// A service that this one depends on failed or timed out.
    SERVICE_UNAVAILABLE = 503;
}

impl ErrorCode {
    /// Returns an application's own code, for [`Route::errors`](super::Route::errors). Handlers return it with
    /// [`domain::Error::Refused`].
    ///
    /// ```
    /// use shared::domain::Kind;
    /// use shared::edge::{ErrorCode, StatusCode};
    ///
    /// const INVOICE_PAID: ErrorCode = ErrorCode::own(Kind::Conflict, "INVOICE_PAID");
    /// assert_eq!(INVOICE_PAID.status(), StatusCode::CONFLICT);
    /// ```
    #[must_use]
    pub const fn own(kind: Kind, code: &'static str) -> Self {
        let status = match kind {
            Kind::Forbidden => 403,
            Kind::Conflict => 409,
            Kind::Unprocessable => 422,
        };
        Self { status, code }
    }

    /// Returns the HTTP status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Returns the code in the envelope.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.code
    }
}

impl Error {
    /// Returns the status and the code of an error.
    pub(crate) fn code(&self) -> ErrorCode {
        match self {
            Self::InvalidJson => ErrorCode::INVALID_JSON,
            Self::InvalidMultipart => ErrorCode::INVALID_MULTIPART,
            Self::InvalidIdempotencyKey => ErrorCode::INVALID_IDEMPOTENCY_KEY,
            Self::Unauthorized { .. } => ErrorCode::UNAUTHORIZED,
            Self::NotThroughProxy => ErrorCode::FORBIDDEN,
            Self::CrossSite => ErrorCode::CROSS_SITE_REQUEST,
            Self::TooLarge { .. } => ErrorCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType(_) | Self::ContentCoding => ErrorCode::UNSUPPORTED_MEDIA_TYPE,
            Self::RateLimited(..) => ErrorCode::RATE_LIMITED,
            Self::Domain(error) => domain_code(error),
        }
    }

    /// Returns the field of the input at fault, if there is one.
    pub(crate) fn field(&self) -> Option<String> {
        let Self::Domain(error) = self else { return None };
        match error {
            domain::Error::Invalid(issues) => issues.field(),
            domain::Error::Conflict { field, .. } => field.map(str::to_owned),
            domain::Error::VersionMismatch { .. } => Some("version".to_owned()),
            _ => None,
        }
    }
}

fn too_many(limit: &Limit) -> &'static str {
    match limit {
        Limit::Caller => "Too many requests",
        Limit::Organization => "Too many requests from your organization",
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
