//! What a failed storage call means: a defect of ours, or a service that can't answer right now.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::domain::Error;

/// Codes of requests that are wrong in themselves, so that trying again is of no use.
const DEFECTS: [&str; 3] = ["ValidationException", "SerializationException", "InvalidRequest"];

/// What an error of the SDK is to the caller. Expected errors, such as a failed condition, are handled before.
pub(super) fn failed<E, R>(error: SdkError<E, R>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let defect = matches!(error, SdkError::ConstructionFailure(_))
        || error.code().is_some_and(|code| DEFECTS.contains(&code));
    if defect { Error::internal(error) } else { Error::Unavailable(error.into()) }
}

/// What meeting others at every try is to the caller.
pub(super) fn busy() -> Error {
    Error::Conflict { field: None, message: "Another request is changing the same data, try again" }
}
