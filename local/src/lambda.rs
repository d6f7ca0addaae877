//! AWS Lambda on one machine: the function binaries as processes behind the Runtime API.
//! What must stay out: HTTP APIs. Events and responses are bytes.

mod logs;
mod pool;
mod process;
mod runtime_api;
mod variables;

pub use logs::Log;
pub(crate) use logs::Logs;
pub(crate) use pool::Pool;
pub(crate) use process::Spec;
pub use variables::overrides;
pub(crate) use variables::{StackEnv, arn};

use bytes::Bytes;

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
