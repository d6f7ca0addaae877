//! Extension of a response: its line on the terminal. Responses without it print none.

use std::sync::Arc;

use axum::response::Response;

use crate::lambda::Trace;

/// Parts of the line that only the gateway knows.
#[derive(Debug, Clone, Default)]
pub(super) struct Shown {
    /// Function of the route.
    pub(super) binary: Option<String>,
    pub(super) trace: Option<Arc<Trace>>,
    /// Reasons for the status, and warnings.
    pub(super) notes: Vec<String>,
}

/// Lets the line of a response say this. Earlier notes stay.
pub(super) fn noted(mut response: Response, note: impl Into<String>) -> Response {
    let shown = response.extensions_mut().get_or_insert_default::<Shown>();
    shown.notes.push(note.into());
    response
}
