//! What can go wrong with a request once it is understood. Knows no HTTP: the edge alone maps these to status codes.
//!
//! Each error has two texts: its `Display` is for the caller and names nothing internal; its `source()` is for the log.

use std::borrow::Cow;

use super::validation::Issues;

/// Cause of a failure, for the log only.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Result of a decision or of a storage call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Reason why a text can't be parsed, the error of every `FromStr` here. It continues a sentence that begins with the
/// text's name, as in `AUTH_COOKIE must be a cookie name`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(Cow<'static, str>);

impl ParseError {
    /// Makes an error from its reason.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(reason.into())
    }
}

/// Why a request was not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The input is well-formed, but breaks rules; all broken ones are listed.
    #[error("{}", .0.summary())]
    Invalid(Issues),
    /// The caller may not do this. The same whether or not the organization exists.
    #[error("{0}")]
    Forbidden(&'static str),
    /// The thing is not in the caller's organization.
    #[error("{0} not found")]
    NotFound(&'static str),
    /// The request contradicts what is stored; `field` names the input at fault, where there is one.
    #[error("{message}")]
    Conflict {
        /// The field of the input that is at fault.
        field: Option<&'static str>,
        /// What the caller may read.
        message: &'static str,
    },
    /// The file's type is none of those that may be stored.
    #[error("Files of this type are not allowed")]
    TypeNotAllowed,
    /// The request is understood, but can't be carried out as it stands.
    #[error("{0}")]
    Unprocessable(&'static str),
    /// The request is for a version that is no longer the current one.
    #[error("Someone else has changed this meanwhile, read it again")]
    VersionMismatch {
        /// Version that is stored now.
        current: u64,
    },
    /// An application's own reason, with a code of its own for clients to program against.
    #[error("{message}")]
    Refused {
        /// Kind of the reason.
        kind: Kind,
        /// Code in capitals, such as `QUOTA_EXCEEDED`.
        code: &'static str,
        /// Text for the caller.
        message: &'static str,
    },
    /// A service that this one depends on failed or took too long.
    #[error("The service is temporarily unavailable, try again shortly")]
    Unavailable(#[source] BoxError),
    /// A defect of this service.
    #[error("Something went wrong on our side")]
    Internal(#[source] BoxError),
}

/// Kind of an application's own reason to refuse a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The caller may not do this.
    Forbidden,
    /// The request contradicts what is stored.
    Conflict,
    /// The request is understood, but can't be carried out as it stands.
    Unprocessable,
}

impl Error {
    /// Wraps a defect: something that can't happen unless this service is wrong.
    pub fn internal(cause: impl Into<BoxError>) -> Self {
        Self::Internal(cause.into())
    }
}
