//! Calls to storage: their times, attempts and failures.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::object::{List, Object};
use super::{Metric, Record, count, current, lock};

/// Kind of a call's failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The service refuses the call, because there are too many.
    Throttled,
    /// There was no response in time.
    Timeout,
    /// The function may not make the call.
    Denied,
    /// The table, the bucket or the object does not exist.
    NotFound,
    /// The connection was refused or broke, or the response is not the service's.
    Network,
    /// The service has an error of its own.
    Unavailable,
    /// The function gave the call up before its end, because another call had failed or the request was refused.
    Canceled,
    /// The call is invalid.
    Defect,
}

/// Reason of `DynamoDB` for throttling, such as `TableWriteKeyRangeThroughputExceeded`.
#[derive(Clone, Debug)]
pub(crate) struct ThrottlingReason {
    pub(crate) reason: String,
    /// Name of the table or the index.
    pub(crate) resource: String,
}

/// Outcome of an attempt that failed.
#[derive(Debug, Default)]
pub(crate) struct Attempt {
    /// `None` for an expected outcome, such as a condition that does not hold.
    pub(crate) failed: Option<Failure>,
    /// AWS's id of the attempt.
    pub(crate) aws_request_id: Option<String>,
    pub(crate) throttling_reasons: Vec<ThrottlingReason>,
}

/// Call that has ended.
#[derive(Debug)]
pub(crate) struct Call {
    /// `DynamoDB` or `S3`.
    pub(super) service: String,
    pub(super) operation: String,
    pub(super) resource: String,
    attempts: u32,
    /// Start, from that of the invocation.
    pub(super) start: Duration,
    pub(super) took: Duration,
    pub(super) failed: Option<Failure>,
    /// Last attempt that failed, even if a later one succeeded.
    last_failure: Option<Attempt>,
}

/// Call in progress. One that is dropped before its end is canceled, unless [`timed_out`](super::timed_out) says otherwise.
#[derive(Debug)]
pub(crate) struct OpenCall {
    record: Arc<Record>,
    call: Mutex<Option<Call>>,
}

impl Failure {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Timeout => "timeout",
            Self::Denied => "denied",
            Self::NotFound => "not_found",
            Self::Network => "network",
            Self::Unavailable => "unavailable",
            Self::Canceled => "canceled",
            Self::Defect => "defect",
        }
    }
}

impl Call {
    /// Returns the text of a failed call.
    pub(super) fn failure(&self) -> Option<String> {
        let failed = self.failed?.name();
        Some(format!("{} of {}: {failed}", self.operation, self.resource))
    }

    /// Returns `true` if an attempt failed.
    pub(super) fn had_failure(&self) -> bool {
        self.failed.is_some() || self.last_failure.is_some()
    }

    /// Returns the kind of the last failed attempt, if the call ended otherwise.
    fn retried(&self) -> Option<Failure> {
        self.last_failure.as_ref()?.failed.filter(|failed| self.failed != Some(*failed))
    }

    /// Returns the call as JSON.
    pub(crate) fn json(&self) -> Object {
        let mut object = Object::new();
        object.text("operation", &self.operation);
        object.text("resource", &self.resource);
        if self.attempts != 1 {
            object.raw("attempts", &self.attempts);
        }
        object.raw("ms", &milliseconds(self.took));
        object.optional("failed", self.failed.map(Failure::name));
        object.optional("retried", self.retried().map(Failure::name));
        if let Some(attempt) = &self.last_failure {
            object.optional("aws_request_id", attempt.aws_request_id.as_deref());
            let reasons: Vec<_> = attempt.throttling_reasons.iter().map(ThrottlingReason::json).collect();
            if !reasons.is_empty() {
                object.raw("throttling_reasons", &List(&reasons));
            }
        }
        object
    }
}

impl ThrottlingReason {
    fn json(&self) -> Object {
        let mut object = Object::new();
        object.text("reason", &self.reason);
        object.text("resource", &self.resource);
        object
    }
}

impl OpenCall {
    /// Starts a call of the current task. Returns `None` outside of an invocation.
    pub(crate) fn start(service: &str, operation: &str, resource: &str) -> Option<Self> {
        let record = current()?;
        let call = Call {
            service: service.to_owned(),
            operation: operation.to_owned(),
            resource: resource.to_owned(),
            attempts: 0,
            start: record.elapsed(),
            took: Duration::ZERO,
            failed: None,
            last_failure: None,
        };
        Some(Self { record, call: Mutex::new(Some(call)) })
    }

    /// Adds an attempt; `failed` if it did.
    pub(crate) fn attempt(&self, failed: Option<Attempt>) {
        if let Some(call) = &mut *lock(&self.call) {
            call.attempts += 1;
            call.failed = failed.as_ref().and_then(|attempt| attempt.failed);
            if call.failed == Some(Failure::Throttled) {
                count(Metric::ThrottledCalls);
            }
            // A condition that does not hold is no failure.
            if call.failed.is_some() {
                call.last_failure = failed;
            }
        }
    }

    /// Ends the call with the outcome of its last attempt. A call that got no attempt is invalid.
    pub(crate) fn end(&self) {
        if let Some(mut call) = lock(&self.call).take() {
            call.took = self.record.elapsed().saturating_sub(call.start);
            if call.attempts == 0 {
                call.failed = Some(Failure::Defect);
            }
            self.record.add(call);
        }
    }

    /// Forgets a call that was only prepared.
    pub(crate) fn forget(&self) {
        lock(&self.call).take();
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        if let Some(call) = &mut *lock(&self.call) {
            call.attempts += 1;
            call.failed = Some(Failure::Canceled);
        }
        self.end();
    }
}

/// Returns milliseconds with one decimal.
pub(crate) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}
