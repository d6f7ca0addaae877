//! Errors of requests that were understood, which the edge maps to status codes.
//!
//! Each error has two texts. Its `Display` is for the caller and names nothing internal. Its `source()` is for the log.

use std::borrow::Cow;

use super::validation::Issues;

/// Cause of a failure, for the log only.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Result of a decision or of a storage call.
///
/// ```
/// use shared::domain::{Error, Result};
///
/// fn check_total(cents: u64) -> Result<()> {
///     if cents == 0 { Err(Error::Unprocessable("An invoice needs an amount")) } else { Ok(()) }
/// }
///
/// assert!(check_total(1_250).is_ok());
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Reason why a text can't be parsed: the error of every `FromStr` of the platform.
///
/// The reason continues a sentence that begins with the text's name, because [`Env::parsed`](crate::config::Env::parsed)
/// puts the variable's name before it.
///
/// ```
/// use std::str::FromStr;
///
/// use shared::domain::ParseError;
///
/// #[derive(Debug)]
/// struct Percent(u8);
///
/// impl FromStr for Percent {
///     type Err = ParseError;
///
///     fn from_str(text: &str) -> Result<Self, ParseError> {
///         let number = text.parse().ok().filter(|number| *number <= 100);
///         number.map(Self).ok_or_else(|| ParseError::new("must be a number from 0 to 100"))
///     }
/// }
///
/// assert_eq!("150".parse::<Percent>().unwrap_err().to_string(), "must be a number from 0 to 100");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(Cow<'static, str>);

impl ParseError {
    /// Returns the error with this reason.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(reason.into())
    }
}

/// Reason why a request failed. Its `Display` is the message that the caller gets.
///
/// An application returns these:
///
/// ```
/// use shared::domain::{Error, Kind};
///
/// let missing = Error::NotFound("Invoice");
/// assert_eq!(missing.to_string(), "Invoice not found");
///
/// let taken = Error::Conflict { field: Some("number"), message: "This number is taken" };
/// assert_eq!(taken.to_string(), "This number is taken");
///
/// let limit = Error::Refused { kind: Kind::Conflict, code: "TOO_MANY_INVOICES", message: "Your plan has 100 invoices" };
/// assert_eq!(limit.to_string(), "Your plan has 100 invoices");
///
/// // A defect: its cause is logged, and the caller does not learn it.
/// let defect = Error::internal("an invoice without lines");
/// assert_eq!(defect.to_string(), "Something went wrong on our side");
/// ```
///
/// [`Error::Invalid`] lists broken rules of the input:
///
/// ```
/// use shared::domain::Error;
/// use shared::domain::validation::{IssueCode, Issues};
///
/// let error = Error::Invalid(Issues::one("dueDate", IssueCode::Custom, "Due date is in the past"));
/// assert_eq!(error.to_string(), "Due date is in the past");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input is well-formed but breaks these rules.
    #[error("{}", .0.summary())]
    Invalid(Issues),
    /// The caller may not do this. The message is the same for an organization that doesn't exist.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The resource of this name is not in the caller's scope.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The request contradicts stored data.
    #[error("{message}")]
    Conflict {
        /// Field of the input at fault, if there is one.
        field: Option<&'static str>,
        /// Text for the caller.
        message: &'static str,
    },
    /// The file's media type is not allowed.
    #[error("Files of this type are not allowed")]
    TypeNotAllowed,
    /// The request can't be carried out in its present form.
    #[error("{0}")]
    Unprocessable(&'static str),
    /// The request names a version that is not the current one.
    #[error("Someone else has changed this meanwhile, read it again")]
    VersionMismatch {
        /// Current version.
        current: u64,
    },
    /// A reason of the application's, with a code for clients to program against.
    #[error("{message}")]
    Refused {
        /// Kind of the reason.
        kind: Kind,
        /// Code in capitals, such as `QUOTA_EXCEEDED`.
        code: &'static str,
        /// Text for the caller.
        message: &'static str,
    },
    /// A service that this one depends on failed or timed out.
    #[error("The service is temporarily unavailable, try again shortly")]
    Unavailable(#[source] BoxError),
    /// A defect of this service.
    #[error("Something went wrong on our side")]
    Internal(#[source] BoxError),
}

/// Kind of an [`Error::Refused`], which decides the status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 403: the caller may not do this.
    Forbidden,
    /// 409: the request contradicts stored data.
    Conflict,
    /// 422: the request can't be carried out in its present form.
    Unprocessable,
}

impl Error {
    /// Refusal of a file whose bytes are not of its declared type.
    pub const WRONG_TYPE: Self = Self::Unprocessable("The file's content is not of the type it declares");

    /// Refusal of a caller who is no member of the organization.
    pub(crate) const NOT_A_MEMBER: Self = Self::Forbidden("You are not a member of this organization");

    /// Refusal of a request whose idempotency key was used for another one.
    pub(crate) const KEY_REUSED: Self =
        Self::Unprocessable("This Idempotency-Key was used for another request");

    /// Refusal of a write that had a conflict at every attempt.
    pub(crate) const CONTENDED: Self =
        Self::Conflict { field: None, message: "Another request is changing the same data, try again" };

    /// Wraps a defect of this service.
    pub fn internal(cause: impl Into<BoxError>) -> Self {
        Self::Internal(cause.into())
    }
}
