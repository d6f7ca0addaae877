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
    if matches!(error, SdkError::TimeoutError(_)) {
        telemetry::timed_out(1);
    }
    let defect = matches!(error, SdkError::ConstructionFailure(_))
        || error.code().is_some_and(|code| NON_RETRYABLE_CODES.contains(&code));
    if defect { defect_error(error) } else { Error::Unavailable(failed_call(error)) }
}

/// Maps the error of an invalid call.
pub(super) fn defect_error(error: impl Into<BoxError>) -> Error {
    Error::internal(failed_call(error))
}

/// Maps a timeout of several calls together. It has ended those that were in progress.
pub(crate) fn timeout_error(elapsed: impl Into<BoxError>) -> Error {
    telemetry::timed_out(usize::MAX);
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
    // The call has just ended, so it is the last one of the task. Without a kind of failure, it has not failed.
    match telemetry::last_failure() {
        Some(call) => FailedCall { call, source }.into(),
        None => source,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemError;

    use super::*;
    use crate::telemetry::{Invocation, OpenCall, Record};

    type Timeout = SdkError<GetItemError, ()>;

    /// Returns the cause of an error.
    fn cause(error: Error) -> String {
        match error {
            Error::Internal(cause) | Error::Unavailable(cause) => cause.to_string(),
            other => other.to_string(),
        }
    }

    #[tokio::test]
    async fn error_names_its_own_call() {
        let late = || drop(OpenCall::start("DynamoDB", "UpdateItem", "counters"));
        let test = async {
            late();
            assert_eq!(cause(sdk_error(Timeout::timeout_error("late"))), "UpdateItem of counters: timeout");
            late();
            assert_eq!(cause(timeout_error("late")), "UpdateItem of counters: timeout");
            let call = OpenCall::start("DynamoDB", "TransactWriteItems", "notes").unwrap();
            call.attempt(None);
            call.end();
            assert_eq!(cause(defect_error("canceled")), "canceled");
        };
        Record::new(Invocation::default(), None).scope(test).await;
    }
}
