//! Record of one invocation for the terminal: its cold start, and the lines that the function logged.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use uuid::Uuid;

use super::logs::Logs;
use crate::{journal, terminal};

/// Timeout of the function's line about a request, after its response. Functions with a higher `LOG_LEVEL` log none.
const SUMMARY_TIMEOUT: Duration = Duration::from_millis(250);

/// Invocation as the terminal shows it.
#[derive(Debug)]
pub(crate) struct Trace {
    /// Id of the request, or of the invocation if there is no request.
    pub(crate) id: String,
    /// Lambda's id of the invocation.
    pub(crate) invocation: String,
    /// `None` after [`Trace::complete`].
    record: Mutex<Option<Record>>,
    is_complete: watch::Sender<bool>,
}

/// Findings of an invocation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    /// Time of the function's build, if this invocation had to wait for it.
    pub(crate) build: Option<Duration>,
    /// Time from the start of the process to its first request of an event, if this invocation had to wait for it.
    pub(crate) cold_start: Option<Duration>,
    /// Function's own line about the request or the batch.
    pub(crate) summary: Option<Value>,
    /// Other lines, in their order.
    pub(crate) lines: Vec<String>,
}

impl Trace {
    /// Creates the trace of a request with this id.
    pub(crate) fn of_request(id: &str) -> Arc<Self> {
        Arc::new(Self::new(id.to_owned(), Uuid::new_v4().to_string()))
    }

    /// Creates the trace of an invocation without a request.
    pub(crate) fn of_invocation() -> Arc<Self> {
        let id = Uuid::new_v4().to_string();
        Arc::new(Self::new(id.clone(), id))
    }

    fn new(id: String, invocation: String) -> Self {
        let record = Mutex::new(Some(Record::default()));
        Self { id, invocation, record, is_complete: watch::Sender::new(false) }
    }

    pub(super) fn set_cold_start(&self, took: Duration) {
        if let Some(record) = &mut *self.record() {
            record.cold_start = Some(took);
        }
    }

    pub(super) fn set_build(&self, took: Duration) {
        if let Some(record) = &mut *self.record() {
            record.build = Some(took);
        }
    }

    /// Waits until the function's own line has come, for a moment at most, and returns all findings.
    pub(crate) async fn complete(self: Arc<Self>) -> Record {
        let mut completion = self.is_complete.subscribe();
        let complete = completion.wait_for(|is_complete| *is_complete);
        drop(tokio::time::timeout(SUMMARY_TIMEOUT, complete).await);
        self.record().take().unwrap_or_default()
    }

    /// Ends waiting for the function's own line, because its process has ended or never started.
    pub(crate) fn end(&self) {
        self.is_complete.send_replace(true);
    }

    /// Adds a line. Returns `false` if the invocation is complete.
    fn add(&self, line: &str, parsed: Option<Value>) -> bool {
        let mut record = self.record();
        let Some(record) = &mut *record else { return false };
        match parsed.filter(is_summary) {
            Some(summary) => {
                // An earlier one was the developer's.
                let earlier = record.summary.replace(summary);
                record.lines.extend(earlier.map(|line| line.to_string()));
                self.end();
            }
            None => record.lines.push(line.to_owned()),
        }
        true
    }

    fn has_id(&self, id: &str) -> bool {
        self.id == id || self.invocation == id
    }

    fn record(&self) -> std::sync::MutexGuard<'_, Option<Record>> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Output of one process, which handles an invocation at a time.
#[derive(Debug, Clone)]
pub(super) struct Output {
    logs: Logs,
    binary: Arc<str>,
    /// Invocations whose lines may still come; the current one is last.
    traces: Arc<Mutex<Vec<Weak<Trace>>>>,
}

impl Output {
    pub(super) fn new(logs: &Logs, binary: &str) -> Self {
        Self { logs: logs.clone(), binary: binary.into(), traces: Arc::default() }
    }

    /// Lets the lines that follow belong to this invocation.
    pub(super) fn begin(&self, trace: &Arc<Trace>) {
        let mut traces = self.traces();
        traces.retain(|trace| trace.strong_count() > 0);
        traces.push(Arc::downgrade(trace));
    }

    /// Adds a line of the stack itself to the log. The terminal has it in the line of the request.
    pub(super) fn note(&self, line: &str) {
        self.logs.keep(&self.binary, line);
    }

    /// Adds a line to the log, and to its invocation. Without one it is printed immediately.
    pub(super) fn write(&self, line: &str) {
        self.logs.keep(&self.binary, line);
        if !self.logs.is_terminal() {
            return;
        }
        let parsed = serde_json::from_str::<Value>(line).ok().filter(Value::is_object);
        let id = parsed.as_ref().and_then(id);
        if !self.trace(id).is_some_and(|trace| trace.add(line, parsed.clone())) {
            terminal::say(&journal::unattached(&self.binary, line));
        }
    }

    /// Returns the invocation with this id; for lines without an id, the current one.
    fn trace(&self, id: Option<&str>) -> Option<Arc<Trace>> {
        let mut traces = self.traces().iter().rev().filter_map(Weak::upgrade).collect::<Vec<_>>().into_iter();
        traces.find(|trace| id.is_none_or(|id| trace.has_id(id)))
    }

    fn traces(&self) -> std::sync::MutexGuard<'_, Vec<Weak<Trace>>> {
        self.traces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the id of a line's request, or else Lambda's.
fn id(line: &Value) -> Option<&str> {
    line["request_id"].as_str().or_else(|| line["function_request_id"].as_str())
}

/// Returns `true` for the one line that a function logs for each request or batch.
fn is_summary(line: &Value) -> bool {
    matches!(line["message"].as_str(), Some("request" | "changes"))
}
