//! Gate in front of writes. While a request is being counted its reads may run; its writes wait here.
//!
//! The gate belongs to the task that runs the handler, so handlers and stores need not pass it on. Outside of a gate,
//! writes don't wait. Within a check of access they are defects: the counting waits for its organization, so both would
//! wait for each other.

use std::sync::Arc;

use tokio::sync::SetOnce;

use crate::domain::{Error, Result};

tokio::task_local! {
    /// `None` within a check of access.
    static GATE: Option<Arc<SetOnce<bool>>>;
}

/// Cause of a write's failure in a check of access.
const WRITE_IN_CHECK: &str = "Access::authorize must not write: it runs before the request is counted";

/// Gate of one request. It is closed until the rate limit has counted the request.
#[derive(Debug, Default)]
pub(crate) struct WriteGate(Arc<SetOnce<bool>>);

impl WriteGate {
    /// Lets waiting and later writes proceed, or fail. Only the first call has an effect.
    pub(crate) fn set(&self, is_open: bool) {
        drop(self.0.set(is_open));
    }

    /// Runs a handler behind the gate.
    pub(crate) async fn scope<F: Future>(&self, handler: F) -> F::Output {
        GATE.scope(Some(Arc::clone(&self.0)), handler).await
    }
}

/// Runs a check of access, in which writes fail.
pub(crate) async fn without_writes<F: Future>(check: F) -> F::Output {
    GATE.scope(None, check).await
}

/// Waits until the request may write. The calls of [`Table`](super::Table) and [`Objects`](super::Objects) wait by
/// themselves, but not in a task that the handler spawns. Await it before a write that they don't make, if the route is one
/// that [reads first](crate::edge::Route::reads_first).
///
/// ```no_run
/// # use shared::domain::Result;
/// # use shared::storage::{Aws, Key, Table, sdk_error, write_permitted};
/// async fn touch(aws: &Aws, table: &Table, key: &Key) -> Result<()> {
///     let update = aws.dynamodb().update_item().table_name(table.name()).set_key(Some(key.item()));
///     write_permitted().await?;
///     update.update_expression("ADD visits :one").send().await.map(drop).map_err(sdk_error)
/// }
/// ```
///
/// # Errors
///
/// [`Error::Unavailable`] if the rate limit rejects the request. The caller gets the rate limit's response instead.
/// [`Error::Internal`] in [`Access::authorize`](crate::edge::Access::authorize).
pub async fn write_permitted() -> Result<()> {
    let Ok(gate) = GATE.try_with(Option::clone) else { return Ok(()) };
    let gate = gate.ok_or_else(|| Error::internal(WRITE_IN_CHECK))?;
    match gate.wait().await {
        true => Ok(()),
        false => Err(Error::Unavailable("the rate limit rejects the request".into())),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn writes_wait_for_the_gate() {
        let gate = WriteGate::default();
        let mut write = Box::pin(gate.scope(write_permitted()));
        assert!(write.as_mut().now_or_never().is_none());
        gate.set(true);
        assert!(write.await.is_ok());
    }

    #[tokio::test]
    async fn rejected_request_can_not_write() {
        let gate = WriteGate::default();
        gate.set(false);
        gate.set(true);
        assert!(gate.scope(write_permitted()).await.is_err());
    }

    #[tokio::test]
    async fn check_of_access_can_not_write() {
        let gate = WriteGate::default();
        let check = without_writes(write_permitted());
        let outcome = gate.scope(check).now_or_never();
        assert!(matches!(outcome, Some(Err(Error::Internal(_)))), "{outcome:?}");
        gate.set(true);
        assert!(gate.scope(write_permitted()).await.is_ok());
    }

    #[tokio::test]
    async fn writes_outside_a_gate_are_permitted() {
        assert!(write_permitted().await.is_ok());
    }
}
