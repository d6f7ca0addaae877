//! A recording proxy between the functions and an emulator. What must stay out: what can go wrong with a call.

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

/// A proxy that records calls in the order of their arrival, and lets some of them go wrong. Clones share all of it.
#[derive(Debug, Clone)]
pub struct RecordingProxy {
    pub(super) watch: Stopwatch,
    records: Arc<Mutex<Vec<Record>>>,
    spans: Arc<Mutex<Vec<CallTiming>>>,
    pub(super) faults: Faults,
    pub(super) asks_capacity: bool,
    pub(super) pace: Duration,
}

#[derive(Debug)]
struct Record {
    call: Call,
    rights: Vec<Permission>,
}

impl Default for RecordingProxy {
    fn default() -> Self {
        Self::new()
    }
}

impl RecordingProxy {
    /// A proxy that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            watch: Stopwatch::start(),
            records: Arc::default(),
            spans: Arc::default(),
            faults: Faults::default(),
            asks_capacity: false,
            pace: Duration::ZERO,
        }
    }

    /// The same proxy, which makes calls to DynamoDB ask what they consume. That changes what was signed, which our own
    /// emulator does not look at.
    #[must_use]
    pub fn request_capacity(self) -> Self {
        Self { asks_capacity: true, ..self }
    }

    /// The same proxy, which answers no call sooner than this after its arrival: so that calls that don't wait for each
    /// other are under way together, however slow the machine is at sending them.
    #[must_use]
    pub fn pace(self, pace: Duration) -> Self {
        Self { pace, ..self }
    }

    /// The calls since the start, or since [`RecordingProxy::clear`].
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.records().iter().map(|record| record.call.clone()).collect()
    }

    /// All that these calls would need to be allowed by AWS.
    #[must_use]
    pub fn permissions(&self) -> BTreeSet<Permission> {
        self.records().iter().flat_map(|record| record.rights.clone()).collect()
    }

    /// The calls that were answered since the start, or since [`RecordingProxy::clear`], in the order of their answers.
    #[must_use]
    pub fn timings(&self) -> Vec<CallTiming> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets the calls so far.
    pub fn clear(&self) {
        self.records().clear();
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Lets these calls go wrong until the outage is dropped. Of several rules that mean a call the oldest one decides.
    pub fn fail(&self, calls: CallMatcher, fault: Fault) -> Outage {
        self.faults.fail(calls, fault)
    }

    /// Stops these calls until the test lets them go on.
    #[must_use]
    pub fn hold(&self, calls: CallMatcher, moment: Moment) -> Breakpoint {
        self.faults.hold(calls, moment)
    }

    /// Notes a call that has come.
    pub(super) fn record(&self, call: Call, rights: Vec<Permission>) {
        self.records().push(Record { call, rights });
    }

    /// Notes a call that was answered.
    pub(super) fn span(&self, span: CallTiming) {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).push(span);
    }

    fn records(&self) -> std::sync::MutexGuard<'_, Vec<Record>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
