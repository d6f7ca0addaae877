//! Errors of S3.

use http::StatusCode;
use local::terminal;
use s3s::{S3Error, S3ErrorCode};

/// Returns S3's error for a failure of the emulator, with its cause for the developer, which is printed too.
pub(super) fn internal(cause: impl Into<anyhow::Error>) -> S3Error {
    let cause = format!("{:#}", cause.into());
    terminal::say(&cause);
    S3Error::with_message(S3ErrorCode::InternalError, cause)
}

/// Returns an error with a code that `s3s` lacks.
pub(super) fn error(code: &'static str, status: StatusCode, message: impl Into<String>) -> S3Error {
    let mut error = S3Error::with_message(S3ErrorCode::Custom(code.into()), message.into());
    error.set_status_code(status);
    error
}
