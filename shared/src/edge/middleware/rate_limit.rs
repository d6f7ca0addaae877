//! Rate limiter of callers and organizations, with a cache of counters, so that most requests cost one round trip and most
//! rejections none. Applies `RATE_LIMIT_ON_ERROR` while the table is unavailable, and asks it only now and then.

mod counting;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(crate) use self::counting::LimitStatus;
use self::counting::{Counting, Findings};
use super::rate_limit_key;
use crate::clock;
use crate::config::{FailureMode, Settings};
use crate::domain;
use crate::domain::OrgId;
use crate::domain::rate_limit::{Attempt, Breaker, Counter, Limit, Plan, RateLimitPolicy};
use crate::edge::error::{Error, Result};
use crate::storage::{Aws, Outcome, RateLimitTable};
use crate::telemetry::{Metric, count};
use crate::warm_up;

/// Maximum number of cached counters. A full cache is cleared, which costs each caller one round trip.
const CACHE_CAPACITY: usize = 4096;

/// Maximum attempts per request. Each failed attempt returns the current counter, so more are only needed under heavy
/// contention.
const MAX_ATTEMPTS: usize = 8;

/// Cause of a refusal while the breaker is open.
const PAUSED: &str = "the rate limit table has failed, and is not called for some seconds";

/// Rate limiter of one route.
pub(crate) struct Limiter {
    callers: RateLimitPolicy,
    organizations: Option<RateLimitPolicy>,
    failure_mode: FailureMode,
    /// Maximum time of all attempts together. One attempt has half of it.
    timeout: Duration,
    route: String,
    table: RateLimitTable,
    cache: Mutex<HashMap<String, Counter>>,
    breaker: Mutex<Breaker>,
}

impl Limiter {
    pub(crate) fn new(route: &str, aws: &Aws, settings: &Settings) -> Self {
        Self {
            callers: settings.rate_limit,
            organizations: settings.org_rate_limit,
            failure_mode: settings.rate_limit_failure_mode,
            timeout: settings.rate_limit_timeout,
            route: route.to_owned(),
            table: RateLimitTable::new(aws, settings.rate_limit_table.clone()),
            cache: Mutex::default(),
            breaker: Mutex::default(),
        }
    }

    /// Returns the number of counters that a request has at most.
    pub(crate) fn counters(&self) -> usize {
        1 + usize::from(self.organizations.is_some())
    }

    /// Returns `true` if no counter is cached and no failure known.
    #[cfg(test)]
    pub(crate) fn is_unused(&self) -> bool {
        self.cache().is_empty() && !self.breaker().skips(0)
    }

    /// Returns the policy of a limit. Without a limit for organizations, none of theirs is ever asked for.
    pub(crate) fn policy(&self, limit: Limit) -> RateLimitPolicy {
        match limit {
            Limit::Caller => self.callers,
            Limit::Organization => self.organizations.unwrap_or(self.callers),
        }
    }

    /// Returns the key of an organization's counter, if organizations have a limit.
    pub(crate) fn organization_key(&self, organization: Option<&OrgId>) -> Option<String> {
        self.organizations.and(organization).map(rate_limit_key::for_organization)
    }

    /// Checks a caller or an organization against the cached counter, without a call to `DynamoDB`.
    ///
    /// # Errors
    ///
    /// [`Error::RateLimited`] if the cached counter is over the limit.
    pub(crate) fn check_cached(&self, limit: Limit, key: &str, now: u64) -> Result<()> {
        match self.policy(limit).plan(self.cache().get(key).copied(), now) {
            Plan::Reject(rejection) => Err(Error::RateLimited(limit, rejection)),
            Plan::Try(_) => Ok(()),
        }
    }

    /// Refuses a request without reading anything for it, if it could not be counted and the limits fail closed.
    ///
    /// # Errors
    ///
    /// [`domain::Error::Unavailable`].
    pub(crate) fn check_breaker(&self, now: u64) -> Result<()> {
        match self.failure_mode {
            FailureMode::Closed if self.breaker().skips(now) => self.uncounted(None, PAUSED.into()).map(drop),
            _ => Ok(()),
        }
    }

    /// Counts a request at `now` (milliseconds since the epoch): of a caller, and of the organization whose key
    /// `organization` yields once the caller is known to be a member. Without a limit for organizations it is not awaited.
    /// Returns the status of the limit that is nearer to its end; `None` if no limit counted the request.
    ///
    /// # Errors
    ///
    /// [`Error::RateLimited`] over a limit. [`domain::Error::Unavailable`] if the table is unavailable and the limits fail
    /// closed.
    pub(crate) async fn check(
        &self,
        caller: &str,
        organization: impl Future<Output = Option<String>>,
        now: u64,
    ) -> Result<Option<LimitStatus>> {
        // A known rejection stands while the table hangs. Without a call, it says nothing about the table.
        self.check_cached(Limit::Caller, caller, now)?;
        if !self.breaker().permits(now) {
            return self.uncounted(None, PAUSED.into());
        }
        let of_organization = async {
            self.organizations?;
            let key = organization.await?;
            Some(self.count(Limit::Organization, &key, now).await)
        };
        let (own, theirs) = tokio::join!(self.count(Limit::Caller, caller, now), of_organization);
        let findings: Findings = [own].into_iter().chain(theirs).collect();
        match &findings.failure {
            Some(error) => self.record_failure(error, now),
            None => self.record_success(),
        }
        let nearest = findings.nearest();
        match findings {
            Findings { rejection: Some((limit, rejection)), .. } => Err(Error::RateLimited(limit, rejection)),
            Findings { failure: Some(error), .. } => self.uncounted(nearest, error.into()),
            Findings { .. } => Ok(nearest),
        }
    }

    /// Counts a request by one limit.
    async fn count(&self, limit: Limit, key: &str, now: u64) -> Counting {
        let (policy, end) = (self.policy(limit), clock::monotonic() + self.timeout);
        let mut cached = self.cache().get(key).copied();
        for _ in 0..MAX_ATTEMPTS {
            let attempt = match policy.plan(cached, now) {
                Plan::Try(attempt) => attempt,
                Plan::Reject(rejection) => return Counting::Rejected(limit, rejection),
            };
            let left = end.saturating_duration_since(clock::monotonic());
            match self.attempt(policy, key, attempt, left).await {
                Ok(Outcome::Counted(counter)) => {
                    self.cache_counter(key, counter);
                    return Counting::Passed(LimitStatus { limit, status: policy.status(counter, now) });
                }
                Ok(Outcome::ConditionFailed(current)) => {
                    cached = current;
                    if let Some(counter) = current {
                        self.cache_counter(key, counter);
                    }
                }
                Err(error) => return Counting::Failed(error),
            }
        }
        Counting::Failed(domain::Error::Unavailable("the counter changed during every attempt".into()))
    }

    async fn attempt(
        &self,
        policy: RateLimitPolicy,
        caller: &str,
        attempt: Attempt,
        left: Duration,
    ) -> domain::Result<Outcome> {
        let (Attempt::StartWindow { window, .. }
        | Attempt::AdvanceWindow { window, .. }
        | Attempt::Count { window, .. }) = attempt;
        // The length is part of the key, because windows of another length have other numbers.
        let key = format!("{}#{}s#{caller}", self.route, policy.window_seconds());
        self.table.attempt(&key, attempt, policy.expiry(window), [self.timeout / 2, left]).await
    }

    /// Lets a request pass that a limit could not count, or refuses it.
    fn uncounted(
        &self,
        nearest: Option<LimitStatus>,
        cause: domain::BoxError,
    ) -> Result<Option<LimitStatus>> {
        count(Metric::CounterFailures);
        match self.failure_mode {
            FailureMode::Open => {
                count(Metric::Uncounted);
                Ok(nearest)
            }
            FailureMode::Closed => Err(domain::Error::Unavailable(cause).into()),
        }
    }

    fn record_failure(&self, error: &domain::Error, now: u64) {
        let failure = self.breaker().fail(now);
        let policy = match self.failure_mode {
            FailureMode::Open => "requests pass uncounted",
            FailureMode::Closed => "requests are refused",
        };
        tracing::warn!(
            error = super::log::error_chain(error),
            requests = failure.requests,
            pause_seconds = failure.pause_seconds,
            "the rate limit table is unavailable: {policy}"
        );
    }

    fn record_success(&self) {
        if let Some(requests) = self.breaker().succeed() {
            tracing::warn!(requests, "the rate limit table is available again");
        }
    }

    fn cache_counter(&self, key: &str, counter: Counter) {
        if warm_up::is_active() {
            return;
        }
        let mut cache = self.cache();
        if cache.len() >= CACHE_CAPACITY && !cache.contains_key(key) {
            cache.clear();
        }
        cache.insert(key.to_owned(), counter);
    }

    /// Ignores a poisoned lock, because a panic can't leave the map half changed.
    fn cache(&self) -> MutexGuard<'_, HashMap<String, Counter>> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
