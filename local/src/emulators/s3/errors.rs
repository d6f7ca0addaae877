//! Errors of S3 that `s3s` lacks.

use http::StatusCode;
use s3s::{S3Error, S3ErrorCode};

pub(super) fn error(code: &'static str, status: StatusCode, message: impl Into<String>) -> S3Error {
    let mut error = S3Error::with_message(S3ErrorCode::Custom(code.into()), message.into());
    error.set_status_code(status);
    error
}
