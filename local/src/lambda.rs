//! AWS Lambda on one machine: the function binaries as processes behind the Runtime API.
//! What must stay out: HTTP APIs. Events and responses are bytes.

mod logs;
mod pool;
mod process;
mod readers;
mod runtime_api;
mod trace;
mod variables;

pub use logs::Log;
pub(crate) use logs::Logs;
pub(crate) use pool::Pool;
pub(crate) use process::Spec;
pub(crate) use trace::{Record, Trace};
pub use variables::overrides;
pub(crate) use variables::{StackEnv, arn};

use bytes::Bytes;
use serde_json::Value;

/// Largest event and largest response of a synchronous invocation, in bytes: "6 MB" in Lambda's documentation.
pub const MAX_PAYLOAD: usize = 6_291_556;

/// Outcome of an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The function responded, normally with JSON.
    Response(Bytes),
    /// The function reported an error, as JSON with `errorType` and `errorMessage`.
    Error(Bytes),
    /// The process ended, did not start, or its response is larger than [`MAX_PAYLOAD`]. The text says which.
    Failed(String),
    /// The function exceeded its timeout, and its process was killed.
    TimedOut,
    /// The queue of requests is full.
    Throttled,
}

impl Outcome {
    /// Returns the reason why the function has not responded; `None` if it has.
    pub(crate) fn problem(&self) -> Option<String> {
        match self {
            Self::Response(_) => None,
            Self::Error(error) => Some(error_message(error)),
            Self::Failed(reason) => Some(reason.clone()),
            Self::TimedOut => Some("timed out: it exceeded its Timeout".to_owned()),
            Self::Throttled => Some("the queue of requests is full".to_owned()),
        }
    }
}

/// Returns the message of a function's error.
fn error_message(error: &[u8]) -> String {
    let parsed: Value = serde_json::from_slice(error).unwrap_or_default();
    parsed["errorMessage"].as_str().map_or_else(|| String::from_utf8_lossy(error).into_owned(), str::to_owned)
}
