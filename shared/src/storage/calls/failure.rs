//! Kind of an attempt's failure, from the error of the SDK and the response of the service.

use aws_smithy_runtime_api::client::interceptors::context;
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::result::ConnectorError;
use serde_json::Value;

use crate::telemetry::{Attempt, Failure, ThrottlingReason};

/// Parts of error codes, and the kinds of their failures.
const CODES: [(&str, Failure); 10] = [
    ("Throttl", Failure::Throttled),
    ("ThroughputExceeded", Failure::Throttled),
    ("RequestLimitExceeded", Failure::Throttled),
    ("SlowDown", Failure::Throttled),
    ("ResourceNotFound", Failure::NotFound),
    ("AccessDenied", Failure::Denied),
    ("UnrecognizedClient", Failure::Denied),
    ("Signature", Failure::Denied),
    ("Token", Failure::Denied),
    ("RequestTimeout", Failure::Timeout),
];

/// Error codes of outcomes that a call expects: another request was faster.
const EXPECTED: [&str; 3] =
    ["ConditionalCheckFailedException", "TransactionConflictException", "TransactionInProgressException"];

/// Describes an attempt that failed.
pub(super) fn attempt(error: &OrchestratorError<context::Error>, response: Option<&HttpResponse>) -> Attempt {
    let timed_out =
        error.is_timeout_error() || error.as_connector_error().is_some_and(ConnectorError::is_timeout);
    match response {
        _ if timed_out => Attempt { failed: Some(Failure::Timeout), ..Attempt::default() },
        Some(response) => of_response(response),
        None if error.is_connector_error() => {
            Attempt { failed: Some(Failure::Network), ..Attempt::default() }
        }
        None => Attempt { failed: Some(Failure::Defect), ..Attempt::default() },
    }
}

fn of_response(response: &HttpResponse) -> Attempt {
    let body = response.body().bytes().unwrap_or_default();
    // Only DynamoDB's errors are JSON.
    let details = serde_json::from_slice::<Value>(body).unwrap_or_default();
    let code = details["__type"].as_str().and_then(|code| code.rsplit('#').next());
    let code = code.or_else(|| xml_code(body)).unwrap_or_default();
    let id = ["x-amzn-requestid", "x-amz-request-id"].iter().find_map(|name| response.headers().get(*name));
    Attempt {
        failed: kind(code, response.status().as_u16(), &details),
        aws_request_id: id.map(str::to_owned),
        throttling_reasons: throttling_reasons(&details),
    }
}

fn kind(code: &str, status: u16, details: &Value) -> Option<Failure> {
    if code == "TransactionCanceledException" {
        let mut reasons = details["CancellationReasons"].as_array().into_iter().flatten();
        return reasons.find_map(|reason| of_reason(reason["Code"].as_str()?));
    }
    if EXPECTED.contains(&code) {
        return None;
    }
    of_code(code).or(match status {
        401 | 403 => Some(Failure::Denied),
        404 | 405 => Some(Failure::NotFound),
        409 | 412 => None,
        429 | 503 => Some(Failure::Throttled),
        500.. => Some(Failure::Unavailable),
        // A success with an error is a response that breaks off, or is of something else.
        200..300 => Some(Failure::Network),
        _ => Some(Failure::Defect),
    })
}

/// Returns the kind of a reason for the cancellation of a transaction.
fn of_reason(code: &str) -> Option<Failure> {
    match code {
        "None" | "ConditionalCheckFailed" | "TransactionConflict" => None,
        code => of_code(code).or(Some(Failure::Defect)),
    }
}

fn of_code(code: &str) -> Option<Failure> {
    CODES.iter().find_map(|(part, failure)| code.contains(part).then_some(*failure))
}

/// Returns the code of an error of S3.
fn xml_code(body: &[u8]) -> Option<&str> {
    let (_, rest) = std::str::from_utf8(body).ok()?.split_once("<Code>")?;
    rest.split_once("</Code>").map(|(code, _)| code)
}

fn throttling_reasons(details: &Value) -> Vec<ThrottlingReason> {
    let lists = ["throttlingReasons", "ThrottlingReasons"].map(|name| details[name].as_array());
    let reasons = lists.into_iter().flatten().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    reasons
        .map(|reason| ThrottlingReason {
            reason: text(&reason["reason"]),
            resource: resource_name(&text(&reason["resource"])),
        })
        .collect()
}

/// Returns the name in an ARN such as `arn:aws:dynamodb:eu-west-1:123456789012:table/notes/index/by-name`.
fn resource_name(arn: &str) -> String {
    arn.split_once(":table/").map_or(arn, |(_, name)| name).to_owned()
}

#[cfg(test)]
mod tests;
