//! Envelope of errors, and the headers of their statuses.

use http::header;
use serde::Serialize;

use super::{Response, json};
use crate::domain;
use crate::domain::validation::Issues;
use crate::edge::error::{Error, Result};

/// `Retry-After` of a 503 in seconds.
const UNAVAILABLE_RETRY_AFTER: u64 = 1;

#[derive(Serialize)]
struct ErrorEnvelope<'a> {
    error: ErrorBody<'a>,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    code: &'a str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issues: Option<&'a Issues>,
}

/// Writes an error in the envelope, with the headers of its status.
pub(crate) fn error_response(error: &Error) -> Result<Response> {
    let code = error.code();
    let issues = match error {
        Error::Domain(domain::Error::Invalid(issues)) => Some(issues),
        _ => None,
    };
    let body = ErrorBody { code: code.as_str(), message: error.to_string(), field: error.field(), issues };
    let mut response = json(code.status(), &ErrorEnvelope { error: body })?;
    let (name, value) = match error {
        Error::Unauthorized { refused: Some(_) } => {
            (header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"".to_owned())
        }
        Error::Unauthorized { refused: None } => (header::WWW_AUTHENTICATE, "Bearer".to_owned()),
        // Accepted content codings (RFC 9110, section 15.5.16).
        Error::ContentCoding => (header::ACCEPT_ENCODING, "identity".to_owned()),
        Error::RateLimited(_, rejection) => (header::RETRY_AFTER, rejection.retry_after.to_string()),
        Error::Domain(domain::Error::VersionMismatch { current }) => (header::ETAG, format!("\"{current}\"")),
        Error::Domain(domain::Error::Unavailable(_)) => {
            (header::RETRY_AFTER, UNAVAILABLE_RETRY_AFTER.to_string())
        }
        _ => return Ok(response),
    };
    response.set(name, &value);
    Ok(response)
}
