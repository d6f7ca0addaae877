//! Rate limiter with a cache of counters, so that most requests cost one round trip and most rejections none. Applies
//! `RATE_LIMIT_ON_ERROR` while the table is unavailable.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::config::{FailureMode, Settings};
use crate::domain;
use crate::domain::rate_limit::{Attempt, Counter, Plan, RateLimitPolicy, RateLimitStatus};
use crate::edge::error::{Error, Result};
use crate::storage::{Aws, Outcome, RateLimitTable, timeout_error};
use crate::telemetry::{Metric, count};

/// Maximum number of cached counters. A full cache is cleared, which costs each caller one round trip.
const CACHE_CAPACITY: usize = 4096;

/// Maximum attempts per request. Each failed attempt returns the current counter, so more are only needed under heavy
/// contention.
const MAX_ATTEMPTS: usize = 8;

/// Timeout of all attempts together, the same as the SDK's for one call.
const TIMEOUT: Duration = Duration::from_secs(4);

/// Rate limiter of one route.
pub(crate) struct Limiter {
    limit: RateLimitPolicy,
    failure_mode: FailureMode,
    route: String,
    table: RateLimitTable,
    cache: Mutex<HashMap<String, Counter>>,
}

impl Limiter {
    pub(crate) fn new(route: &str, aws: &Aws, settings: &Settings) -> Self {
        Self {
            limit: settings.rate_limit,
            failure_mode: settings.rate_limit_failure_mode,
            route: route.to_owned(),
            table: RateLimitTable::new(aws, settings.rate_limit_table.clone()),
            cache: Mutex::default(),
        }
    }

    /// Starts to open this many connections to `DynamoDB`, which serve all tables.
    pub(crate) async fn preconnect(&self, connections: usize) {
        self.table.preconnect(connections).await;
    }

    pub(crate) fn limit(&self) -> RateLimitPolicy {
        self.limit
    }

    /// Checks a caller against the cached counter, without a call to `DynamoDB`.
    ///
    /// # Errors
    ///
    /// [`Error::RateLimited`] if the cached counter is over the limit.
    pub(crate) fn check_cached(&self, caller: &str, now: u64) -> Result<()> {
        match self.limit.plan(self.cache().get(caller).copied(), now) {
            Plan::Reject(rejection) => Err(Error::RateLimited(rejection)),
            Plan::Try(_) => Ok(()),
        }
    }

    /// Counts a request of a caller at `now` (milliseconds since the epoch). Returns `None` if the table is unavailable and
    /// the limit fails open.
    ///
    /// # Errors
    ///
    /// [`Error::RateLimited`] over the limit. [`domain::Error::Unavailable`] if the table is unavailable and the limit
    /// fails closed.
    pub(crate) async fn check(&self, caller: &str, now: u64) -> Result<Option<RateLimitStatus>> {
        let outcome = tokio::time::timeout(TIMEOUT, self.count(caller, now)).await;
        match outcome.unwrap_or_else(|elapsed| Err(timeout_error(elapsed).into())) {
            Ok(counter) => Ok(Some(self.limit.status(counter, now))),
            Err(Error::Domain(error)) => self.on_table_failure(error),
            Err(rejected) => Err(rejected),
        }
    }

    async fn count(&self, caller: &str, now: u64) -> Result<Counter> {
        let mut cached = self.cache().get(caller).copied();
        for _ in 0..MAX_ATTEMPTS {
            let attempt = match self.limit.plan(cached, now) {
                Plan::Try(attempt) => attempt,
                Plan::Reject(rejection) => return Err(Error::RateLimited(rejection)),
            };
            match self.attempt(caller, attempt).await? {
                Outcome::Counted(counter) => {
                    self.cache_counter(caller, counter);
                    return Ok(counter);
                }
                Outcome::ConditionFailed(current) => {
                    cached = current;
                    if let Some(counter) = current {
                        self.cache_counter(caller, counter);
                    }
                }
            }
        }
        Err(domain::Error::Unavailable("the counter changed during every attempt".into()).into())
    }

    async fn attempt(&self, caller: &str, attempt: Attempt) -> Result<Outcome> {
        let (Attempt::StartWindow { window, .. }
        | Attempt::AdvanceWindow { window, .. }
        | Attempt::Count { window, .. }) = attempt;
        // The length is part of the key, because windows of another length have other numbers.
        let key = format!("{}#{}s#{caller}", self.route, self.limit.window_seconds());
        Ok(self.table.attempt(&key, attempt, self.limit.expiry(window)).await?)
    }

    fn on_table_failure(&self, error: domain::Error) -> Result<Option<RateLimitStatus>> {
        let policy = match self.failure_mode {
            FailureMode::Open => "the request passes uncounted",
            FailureMode::Closed => "the request is refused",
        };
        tracing::warn!(
            error = super::log::error_chain(&error),
            "the rate limit table is unavailable: {policy}"
        );
        count(Metric::CounterFailures);
        match self.failure_mode {
            FailureMode::Open => {
                count(Metric::Uncounted);
                Ok(None)
            }
            FailureMode::Closed => Err(domain::Error::Unavailable(error.into()).into()),
        }
    }

    fn cache_counter(&self, caller: &str, counter: Counter) {
        let mut cache = self.cache();
        if cache.len() >= CACHE_CAPACITY && !cache.contains_key(caller) {
            cache.clear();
        }
        cache.insert(caller.to_owned(), counter);
    }

    /// Ignores a poisoned lock, because a panic can't leave the map half changed.
    fn cache(&self) -> std::sync::MutexGuard<'_, HashMap<String, Counter>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
