//! Recorder of a proxy between functions and emulators.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use local::clock::Stopwatch;

use super::breakpoint::{Breakpoint, Moment};
use super::call::Call;
use super::effects::Fault;
use super::faults::{CallMatcher, Faults, Outage};
use super::permissions::Permission;
use super::timing::CallTiming;

/// Proxy that records calls in the order of their arrival, and injects faults into some of them. Clones share all state.
#[derive(Debug, Clone)]
pub struct RecordingProxy {
    pub(super) watch: Stopwatch,
    records: Arc<Mutex<Vec<Record>>>,
    timings: Arc<Mutex<Vec<CallTiming>>>,
    pub(super) faults: Faults,
    pub(super) requests_capacity: bool,
    pub(super) pace: Duration,
}

#[derive(Debug)]
struct Record {
    call: Call,
    permissions: Vec<Permission>,
}

impl Default for RecordingProxy {
    fn default() -> Self {
        Self::new()
    }
}

impl RecordingProxy {
    /// Creates a proxy without faults.
    #[must_use]
    pub fn new() -> Self {
        Self {
            watch: Stopwatch::start(),
            records: Arc::default(),
            timings: Arc::default(),
            faults: Faults::default(),
            requests_capacity: false,
            pace: Duration::ZERO,
        }
    }

    /// Adds `ReturnConsumedCapacity` to the calls to DynamoDB. The signed body changes, which our own emulator ignores.
    #[must_use]
    pub fn request_capacity(self) -> Self {
        Self { requests_capacity: true, ..self }
    }

    /// Delays each response until this time after the call's arrival. Calls that don't wait for each other then overlap,
    /// also on a slow machine.
    #[must_use]
    pub fn pace(self, pace: Duration) -> Self {
        Self { pace, ..self }
    }

    /// Returns the calls since the start, or since [`RecordingProxy::clear`].
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.records().iter().map(|record| record.call.clone()).collect()
    }

    /// Returns the permissions that these calls would need on AWS.
    #[must_use]
    pub fn permissions(&self) -> BTreeSet<Permission> {
        self.records().iter().flat_map(|record| record.permissions.clone()).collect()
    }

    /// Returns the calls with a response since the start, or since [`RecordingProxy::clear`], in the order of responses.
    #[must_use]
    pub fn timings(&self) -> Vec<CallTiming> {
        self.timings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Deletes all records so far.
    pub fn clear(&self) {
        self.records().clear();
        self.timings.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Injects a fault into matching calls until the outage is dropped. Of several matching rules the oldest applies.
    pub fn fail(&self, calls: CallMatcher, fault: Fault) -> Outage {
        self.faults.fail(calls, fault)
    }

    /// Holds matching calls until the test releases them.
    #[must_use]
    pub fn hold(&self, calls: CallMatcher, moment: Moment) -> Breakpoint {
        self.faults.hold(calls, moment)
    }

    /// Records a call that has arrived.
    pub(super) fn record(&self, call: Call, permissions: Vec<Permission>) {
        self.records().push(Record { call, permissions });
    }

    /// Records a call that has a response.
    pub(super) fn record_timing(&self, timing: CallTiming) {
        self.timings.lock().unwrap_or_else(PoisonError::into_inner).push(timing);
    }

    fn records(&self) -> std::sync::MutexGuard<'_, Vec<Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
