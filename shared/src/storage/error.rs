//! Errors of storage calls: a defect of ours, or a service that is unavailable.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::domain::{BoxError, Error};
use crate::telemetry;

/// Error codes of invalid requests. A retry would fail too.
const NON_RETRYABLE_CODES: [&str; 4] = [
    "ValidationException",
    "SerializationException",
    "IdempotentParameterMismatchException",
    "InvalidRequest",
];

/// Maps an error of the SDK: to [`Error::Internal`] for an invalid request, otherwise to [`Error::Unavailable`]. Handle
/// expected errors, such as a failed condition, before.
///
/// ```
/// # use aws_sdk_dynamodb::Client;
/// # use shared::domain::Result;
/// use shared::storage::sdk_error;
///
/// async fn table_size(client: &Client, table: &str) -> Result<Option<i64>> {
///     let output = client.describe_table().table_name(table).send().await.map_err(sdk_error)?;
///     Ok(output.table.and_then(|table| table.item_count))
/// }
/// ```
pub fn sdk_error<E, R>(error: SdkError<E, R>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let defect = matches!(error, SdkError::ConstructionFailure(_))
        || error.code().is_some_and(|code| NON_RETRYABLE_CODES.contains(&code));
    if defect { Error::internal(failed_call(error)) } else { Error::Unavailable(failed_call(error)) }
}

/// Maps a timeout of several calls together. It has ended the last one.
pub(crate) fn timeout_error(elapsed: impl Into<BoxError>) -> Error {
    Error::Unavailable(failed_call(elapsed))
}

/// Failure of a call, which is named for the log.
#[derive(Debug, thiserror::Error)]
#[error("{call}")]
struct FailedCall {
    call: String,
    source: BoxError,
}

fn failed_call(error: impl Into<BoxError>) -> BoxError {
    let source = error.into();
    // The call has just ended, so it is the last one of the task.
    match telemetry::last_failure() {
        Some(call) => FailedCall { call, source }.into(),
        None => source,
    }
}
