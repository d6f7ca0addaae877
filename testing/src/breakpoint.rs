//! Calls that wait in the proxy until the test has done what it wants to do meanwhile. What must stay out: which calls.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::sync::watch;

/// How long [`Breakpoint::reached`] waits: a function that gets there does so long before that.
const PATIENCE: Duration = Duration::from_secs(30);

/// When a call is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Before it reaches the emulator.
    Before,
    /// After it took effect, before the function knows.
    After,
}

/// A call that will be held. Dropping this lets it go.
#[derive(Debug)]
pub struct Breakpoint {
    reached: watch::Receiver<bool>,
    outcome: watch::Sender<Option<bool>>,
}

/// Where the call waits.
#[derive(Debug, Clone)]
pub(super) struct Gate {
    reached: watch::Sender<bool>,
    outcome: watch::Receiver<Option<bool>>,
}

impl Breakpoint {
    /// Waits until there is such a call.
    ///
    /// # Errors
    /// When there is none for half a minute.
    pub async fn reached(&mut self) -> Result<()> {
        let reached = tokio::time::timeout(PATIENCE, self.reached.wait_for(|reached| *reached)).await;
        reached.context("no such call was made")?.map(drop).context("the proxy is gone")
    }

    /// Lets the call go on.
    pub fn release(&self) {
        self.outcome.send_replace(Some(true));
    }

    /// Ends the call: whoever made it is gone.
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
    /// When the call is to end here.
    pub(super) async fn pass(&self) -> Result<()> {
        self.reached.send_replace(true);
        let mut outcome = self.outcome.clone();
        match outcome.wait_for(Option::is_some).await.map(|outcome| *outcome) {
            Ok(Some(false)) => bail!("the call was broken off"),
            _ => Ok(()),
        }
    }
}
