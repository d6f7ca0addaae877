//! Runs the rate limit: remembers what this instance knows of counters, so that most requests cost one round trip and
//! most rejections none, and decides what happens while the table can't answer.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::error::{Error, Result};
use crate::config::{OnError, Settings};
use crate::domain;
use crate::domain::rate_limit::{Attempt, Counter, Plan, Quota, RateLimit};
use crate::storage::{Aws, Outcome, RateLimitTable};

/// How many callers' counters are remembered. When there are more, all are forgotten, which costs a round trip each.
const REMEMBERED: usize = 4096;

/// How often a counter is tried that others keep changing in between. Each try learns the counter's state, so a caller
/// that still isn't through is one of very many at once.
const TRIES: usize = 8;

/// How long all tries may take together: what the SDK gives one call.
const TIME: Duration = Duration::from_secs(4);

/// The rate limit of one route.
pub(super) struct Limiter {
    limit: RateLimit,
    on_error: OnError,
    route: String,
    table: RateLimitTable,
    known: Mutex<HashMap<String, Counter>>,
}

impl Limiter {
    pub(super) fn new(route: &str, aws: &Aws, settings: &Settings) -> Self {
        Self {
            limit: settings.rate_limit,
            on_error: settings.rate_limit_on_error,
            route: route.to_owned(),
            table: RateLimitTable::new(aws, settings.rate_limit_table.clone()),
            known: Mutex::default(),
        }
    }

    /// Begins to open so many connections to where all tables are.
    pub(super) async fn preconnect(&self, connections: usize) {
        self.table.preconnect(connections).await;
    }

    /// The policy, for the `RateLimit-Policy` and `RateLimit` headers.
    pub(super) fn limit(&self) -> RateLimit {
        self.limit
    }

    /// Refuses a caller of whom this instance knows that they are over the limit. Costs nothing.
    ///
    /// # Errors
    ///
    /// [`Error::RateLimited`].
    pub(super) fn refuse_known(&self, caller: &str, now: u64) -> Result<()> {
        match self.limit.plan(self.known().get(caller).copied(), now) {
            Plan::Reject(rejection) => Err(Error::RateLimited(rejection)),
            Plan::Try(_) => Ok(()),
        }
    }

    /// Counts a request of a caller at `now` (milliseconds since the epoch). Nothing is returned, and the request
    /// passes, if the table can't answer and the settings allow that.
    ///
    /// # Errors
    ///
    /// [`Error::RateLimited`], or [`domain::Error::Unavailable`] if the table can't answer and the settings deny.
    pub(super) async fn admit(&self, caller: &str, now: u64) -> Result<Option<Quota>> {
        let outcome = tokio::time::timeout(TIME, self.count(caller, now)).await;
        match outcome.unwrap_or_else(|elapsed| Err(domain::Error::Unavailable(elapsed.into()).into())) {
            Ok(counter) => Ok(Some(self.limit.quota(counter, now))),
            Err(Error::Domain(error)) => self.without_table(error),
            Err(rejected) => Err(rejected),
        }
    }

    async fn count(&self, caller: &str, now: u64) -> Result<Counter> {
        let mut belief = self.known().get(caller).copied();
        for _ in 0..TRIES {
            let attempt = match self.limit.plan(belief, now) {
                Plan::Try(attempt) => attempt,
                Plan::Reject(rejection) => return Err(Error::RateLimited(rejection)),
            };
            match self.attempt(caller, attempt).await? {
                Outcome::Counted(counter) => {
                    self.remember(caller, counter);
                    return Ok(counter);
                }
                Outcome::Held(held) => {
                    belief = held;
                    if let Some(counter) = held {
                        self.remember(caller, counter);
                    }
                }
            }
        }
        Err(domain::Error::Unavailable("the counter changed at every try".into()).into())
    }

    async fn attempt(&self, caller: &str, attempt: Attempt) -> Result<Outcome> {
        let (Attempt::Open { window, .. } | Attempt::Roll { window, .. } | Attempt::Count { window, .. }) =
            attempt;
        // The length is part of the key, as the numbers of windows mean nothing under another length.
        let key = format!("{}#{}s#{caller}", self.route, self.limit.window_seconds());
        Ok(self.table.attempt(&key, attempt, self.limit.expiry(window)).await?)
    }

    fn without_table(&self, error: domain::Error) -> Result<Option<Quota>> {
        let policy = match self.on_error {
            OnError::Allow => "the request passes uncounted",
            OnError::Deny => "the request is refused",
        };
        tracing::warn!(error = super::log::chain(&error), "the rate limit table can't answer: {policy}");
        match self.on_error {
            OnError::Allow => Ok(None),
            OnError::Deny => Err(domain::Error::Unavailable(error.into()).into()),
        }
    }

    fn remember(&self, caller: &str, counter: Counter) {
        let mut known = self.known();
        if known.len() >= REMEMBERED && !known.contains_key(caller) {
            known.clear();
        }
        known.insert(caller.to_owned(), counter);
    }

    /// A panic elsewhere can't leave the map half changed, so a poisoned lock is as good as any.
    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, Counter>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
