//! Telemetry: findings of one invocation for its log line, its metrics and its trace.
//!
//! The record of an invocation belongs to the task that serves it, so nothing passes it on. A task that a request spawns,
//! and calls outside of an invocation such as the opening of connections, have no record. What must stay out: decisions
//! about requests. A failure here never fails a request.

mod call;
mod lines;
mod metrics;
mod object;
mod settings;
mod trace;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use self::call::milliseconds;
pub(crate) use self::call::{Attempt, Call, Failure, OpenCall, ThrottlingReason};
pub(crate) use self::lines::{Line, init};
pub(crate) use self::metrics::Metric;
use self::metrics::{Counts, PENDING};
pub(crate) use self::object::Object;
pub(crate) use self::trace::send as send_trace;
use crate::clock;
use crate::domain::time::epoch_millis;
use crate::warm_up;

/// Calls of an invocation that its line has at least. A batch of changes makes hundreds; those that fail are kept too.
const KEPT_CALLS: usize = 50;

/// Maximum number of calls in a line, which `CloudWatch` limits to 1 MB.
const MAX_CALLS: usize = 200;

tokio::task_local! {
    static CURRENT: Arc<Record>;
}

/// Invocation of the function, as Lambda describes it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Invocation {
    /// Lambda's request id.
    pub(crate) id: String,
    /// Lambda's end of the invocation, in milliseconds since the epoch.
    pub(crate) deadline: u64,
    /// `X-Amzn-Trace-Id` of the invocation.
    pub(crate) trace: Option<String>,
}

/// Record of an invocation.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) invocation: Invocation,
    /// Id of the request; `None` for a batch.
    pub(crate) request_id: Option<String>,
    start: Instant,
    /// The same, in milliseconds since the epoch.
    start_millis: u64,
    state: Mutex<State>,
}

/// Findings so far.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) calls: Vec<Call>,
    /// Number of calls that are left out.
    pub(crate) omitted: usize,
    /// Call that ended last, if it is left out.
    last_omitted: Option<Call>,
    pub(crate) counts: Counts,
}

impl Record {
    pub(crate) fn new(invocation: Invocation, request_id: Option<String>) -> Arc<Self> {
        let (start, state) = (clock::monotonic(), Mutex::default());
        let start_millis = epoch_millis(clock::now());
        Arc::new(Self { invocation, request_id, start, start_millis, state })
    }

    /// Runs a part of the invocation, whose calls and counts are recorded.
    pub(crate) async fn scope<F: Future>(self: &Arc<Self>, part: F) -> F::Output {
        CURRENT.scope(Arc::clone(self), part).await
    }

    /// Returns the time since the start of the invocation.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    pub(crate) fn milliseconds(&self) -> f64 {
        milliseconds(self.elapsed())
    }

    /// Takes the findings. Counts of the time between invocations are among them.
    pub(crate) fn take(&self) -> State {
        let mut state = std::mem::take(&mut *lock(&self.state));
        if !warm_up::is_active() {
            state.counts.add(std::mem::take(&mut *lock(&PENDING)));
        }
        state
    }

    fn add(&self, call: Call) {
        let mut state = lock(&self.state);
        let most = if call.had_failure() { MAX_CALLS } else { KEPT_CALLS };
        state.last_omitted = None;
        if state.calls.len() < most {
            state.calls.push(call);
        } else {
            state.omitted += 1;
            state.last_omitted = Some(call);
        }
    }
}

impl State {
    /// Returns the calls that have ended, the last one first. Of those that are left out, only the last one is known.
    fn latest(&mut self) -> impl Iterator<Item = &mut Call> {
        self.last_omitted.iter_mut().chain(self.calls.iter_mut().rev())
    }
}

/// Returns the record of the current task.
pub(crate) fn current() -> Option<Arc<Record>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// Counts an occurrence. Outside of an invocation, it is counted by the next one's line.
pub(crate) fn count(metric: Metric) {
    match current() {
        Some(record) => lock(&record.state).counts.increment(metric),
        None => lock(&PENDING).increment(metric),
    }
}

/// Marks the calls that a timeout has just ended, at most this number. They were dropped, and so far are canceled.
pub(crate) fn timed_out(most: usize) {
    if let Some(record) = current() {
        let mut state = lock(&record.state);
        let dropped = state.latest().take(most).take_while(|call| call.failed == Some(Failure::Canceled));
        dropped.for_each(|call| call.failed = Some(Failure::Timeout));
    }
}

/// Returns the call of the current task that ended last, as `Query of notes-table: timeout`, if it failed.
pub(crate) fn last_failure() -> Option<String> {
    let record = current()?;
    lock(&record.state).latest().next()?.failure()
}

/// Locks a mutex. A poisoned lock is ignored, because a panic can't leave the state half changed.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
