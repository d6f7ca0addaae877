//! Result of an invocation with a batch of records.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>

use serde_json::Value;

use super::record::sequence_number;
use crate::lambda::Outcome;

/// Failure of a batch.
#[derive(Debug)]
pub(super) enum Failure {
    /// The function failed with the whole batch, for this reason.
    Whole(String),
    /// The function named records that failed; this is the index of the first.
    From(usize),
}

/// Returns the failure of an invocation; `None` if all records succeeded.
pub(super) fn failure(outcome: &Outcome, records: &[Value], reports: bool) -> Option<Failure> {
    match outcome {
        Outcome::Response(_) if !reports => None,
        Outcome::Response(response) => match serde_json::from_slice(response) {
            Ok(response) => reported(&response, records),
            Err(_) => Some(Failure::Whole("its response is not JSON".to_owned())),
        },
        _ => outcome.problem().map(Failure::Whole),
    }
}

/// Reads `batchItemFailures`. All records count as failed if it names another record.
fn reported(response: &Value, records: &[Value]) -> Option<Failure> {
    let failures = response.get("batchItemFailures").and_then(Value::as_array);
    let index = |failure: &Value| {
        let id = failure["itemIdentifier"].as_str()?;
        records.iter().position(|record| sequence_number(record) == id)
    };
    let indices = failures.into_iter().flatten().map(index);
    match indices.collect::<Option<Vec<_>>>() {
        Some(indices) => indices.into_iter().min().map(Failure::From),
        None => Some(Failure::Whole(format!("its response names no record of the batch: {response}"))),
    }
}
