//! Access log of API Gateway: the ids of a request, by which a person finds an invocation without a line of its own.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Entry, Status};
use crate::lambda::Trace;

/// Maximum entries that are kept.
const MAX_ENTRIES: usize = 10_000;

/// Request in the access log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// API Gateway's id, which the caller gets.
    pub request_id: String,
    /// Lambda's id of the invocation; `None` if no function was called.
    pub function_request_id: Option<String>,
    /// Status of the response.
    pub status: u16,
    /// Time from the request to the response.
    pub took: Duration,
}

/// Latest entries. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct AccessLog(Arc<Mutex<VecDeque<Access>>>);

impl AccessLog {
    /// Adds a request. A batch is none.
    pub(super) fn add(&self, entry: &Entry, trace: Option<&Trace>) {
        let Status::Http(status) = entry.status else { return };
        let mut entries = self.entries();
        if entries.len() == MAX_ENTRIES {
            entries.pop_front();
        }
        let function_request_id = trace.map(|trace| trace.invocation.clone());
        let (request_id, took) = (entry.id.clone(), entry.took);
        entries.push_back(Access { request_id, function_request_id, status, took });
    }

    pub(super) fn find(&self, request_id: &str) -> Option<Access> {
        self.entries().iter().find(|entry| entry.request_id == request_id).cloned()
    }

    fn entries(&self) -> MutexGuard<'_, VecDeque<Access>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
