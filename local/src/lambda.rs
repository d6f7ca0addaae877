//! AWS Lambda on one machine: the function binaries as processes behind the Runtime API.
//! What must stay out: HTTP APIs; here an event is bytes and so is an answer.

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

/// The largest event and the largest answer of a synchronous invocation, in bytes: "6 MB" in Lambda's documentation.
pub const MAX_PAYLOAD: usize = 6_291_556;

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The function answered, with JSON unless it is broken.
    Response(Bytes),
    /// The function reported an error, as JSON with `errorType` and `errorMessage`.
    Error(Bytes),
    /// The process ended, could not be started, or its answer is larger than [`MAX_PAYLOAD`]. The text says which.
    Failed(String),
    /// The function took longer than it may. Its process was killed.
    TimedOut,
    /// More requests are waiting than the queue holds.
    Throttled,
}
