//! Breakpoints: calls that wait in the proxy until the test releases them.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::sync::watch;

/// Longest wait of [`Breakpoint::reached`]. Only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Point of a call at which it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before it reaches the emulator.
    Before,
    /// After it took effect, before the function gets the response.
    After,
}

/// The test's side of a breakpoint. Dropping it releases the call.
#[derive(Debug)]
pub struct Breakpoint {
    reached: watch::Receiver<bool>,
    outcome: watch::Sender<Option<bool>>,
}

/// The proxy's side of a breakpoint.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    reached: watch::Sender<bool>,
    outcome: watch::Receiver<Option<bool>>,
}

impl Breakpoint {
    /// Waits until a call has reached the breakpoint.
    ///
    /// # Errors
    /// No call reaches it within 30 seconds.
    pub async fn reached(&mut self) -> Result<()> {
        let reached = tokio::time::timeout(PATIENCE, self.reached.wait_for(|reached| *reached)).await;
        reached.context("no such call was made")?.map(drop).context("the proxy is gone")
    }

    /// Lets the call continue.
    pub fn release(&self) {
        self.outcome.send_replace(Some(true));
    }

    /// Ends the call, as if its caller were gone.
    pub fn break_off(&self) {
        self.outcome.send_replace(Some(false));
    }
}

impl Gate {
    pub(super) fn new() -> (Self, Breakpoint) {
        let (reached, outcome) = (watch::Sender::new(false), watch::Sender::new(None));
        let gate = Self { reached: reached.clone(), outcome: outcome.subscribe() };
        (gate, Breakpoint { reached: reached.subscribe(), outcome })
    }

    /// Waits for the test's decision.
    ///
    /// # Errors
    /// The test breaks the call off.
    pub(super) async fn pass(&self) -> Result<()> {
        self.reached.send_replace(true);
        let mut outcome = self.outcome.clone();
        match outcome.wait_for(Option::is_some).await.map(|outcome| *outcome) {
            Ok(Some(false)) => bail!("the call was broken off"),
            _ => Ok(()),
        }
    }
}
