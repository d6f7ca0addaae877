//! Cache of an issuer's keys. It refreshes them in the background, keeps them while the issuer is down, and fetches again
//! for an unknown `kid`. What must stay out: HTTP and the clock.
//!
//! # Fetches
//!
//! One request at a time fetches; concurrent ones wait for its result. Claims are checked before the signature, so a token
//! that is invalid anyway causes no fetch. `issuer.rs` fetches under these rules:
//!
//! - A fetch takes up to 3 s, discovery included. It has a connection of its own and retries once if that breaks.
//! - Redirects are not followed, and at most 256 KiB are read.
//! - A set counts as a failed fetch if it holds a private or secret key, or no usable one. So does a discovery document of
//!   another issuer, or one that leads from https to http.
//!
//! # Retries
//!
//! - While there are no keys, the issuer is called once a second. Requests that need them are 503 and not counted against
//!   the rate limit, because their users are unknown.
//! - A fetch for an unknown `kid` is repeated after 30 s, so forged ids can hide a new key for that long. If the fetch
//!   failed, it is repeated after a second.
//! - Lambda may freeze a background refresh along with its environment. It then continues, or fails and is retried, during
//!   the next request.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::domain::BoxError;
use crate::domain::keys::KeySet;
use crate::edge::middleware::log::error_chain;
use crate::telemetry::{Metric, count};

/// Age from which keys are refreshed in the background of a request.
const REFRESH_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// Age from which a request waits for new keys, so that a withdrawn key expires.
const MAX_AGE: SignedDuration = SignedDuration::from_mins(10);

/// Minimum time between successful fetches for an unknown `kid`, so that forged key ids cannot flood the issuer. Also the
/// minimum time between refreshes of known keys.
const COOL_DOWN: SignedDuration = SignedDuration::from_secs(30);

/// Minimum time between a failed fetch and the next one that a request waits for. Equals the `Retry-After` of the 503. It
/// is short, because a new key must not stay unknown.
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(1);

/// Source of keys.
pub(super) trait Source: Send + Sync + 'static {
    fn fetch(&self) -> impl Future<Output = Result<KeySet, BoxError>> + Send;
}

/// Cached keys of a source.
pub(super) struct Cache<S> {
    source: S,
    state: Mutex<State>,
    /// Lock of the request that fetches. Concurrent ones wait for it and take the result.
    refresh_lock: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct State {
    keys: Option<Fetched>,
    /// Start of the last fetch.
    last_fetch: Option<Timestamp>,
    /// Start of the last successful fetch for an unknown `kid`.
    last_search: Option<Timestamp>,
    /// Start and error of the last fetch, if it failed.
    last_failure: Option<(Timestamp, String)>,
    /// Number of fetches.
    fetches: u64,
}

#[derive(Clone)]
struct Fetched {
    set: Arc<KeySet>,
    at: Timestamp,
}

/// Reason for a fetch.
#[derive(Clone, Copy)]
enum Reason<'t> {
    /// Cached keys, if any, are older than this.
    Age(SignedDuration),
    /// No cached key has this id.
    Missing(&'t str),
}

impl Reason<'_> {
    /// Returns `true` if keys that arrived meanwhile suffice.
    fn is_met_by(self, kept: &Fetched, now: Timestamp) -> bool {
        match self {
            Self::Age(age) => within(age, Some(kept.at), now),
            Self::Missing(id) => kept.set.contains(id),
        }
    }
}

impl<S: Source> Cache<S> {
    pub(super) fn new(source: S) -> Self {
        Self { source, state: Mutex::default(), refresh_lock: tokio::sync::Mutex::default() }
    }

    /// Returns the keys for a token with the key id `id`.
    ///
    /// # Errors
    ///
    /// Error of the fetch, if no keys are cached.
    pub(super) async fn keys(
        self: &Arc<Self>,
        id: Option<&str>,
        now: Timestamp,
    ) -> Result<Arc<KeySet>, BoxError> {
        let State { keys, last_fetch, .. } = self.state().clone();
        let Some(kept) = keys else {
            return self.fetch(Reason::Age(MAX_AGE), now).await;
        };
        let cooled_down = !within(COOL_DOWN, last_fetch, now);
        if cooled_down && !within(MAX_AGE, Some(kept.at), now) {
            return Ok(self.fetch(Reason::Age(MAX_AGE), now).await.unwrap_or(kept.set));
        }
        if cooled_down && !within(REFRESH_AFTER, Some(kept.at), now) {
            self.refresh(now);
        }
        match id.filter(|id| !kept.set.contains(id)) {
            Some(id) => Ok(self.fetch(Reason::Missing(id), now).await.unwrap_or(kept.set)),
            None => Ok(kept.set),
        }
    }

    /// Fetches the keys in the background. A request without cached keys waits for the result.
    pub(super) fn refresh(self: &Arc<Self>, now: Timestamp) {
        // Set here and not in the task, so that there is one task.
        self.state().last_fetch = Some(now);
        let cache = Arc::clone(self);
        // Lambda may freeze the task along with its environment. It then continues, or fails, during the next request.
        drop(tokio::spawn(async move { cache.fetch(Reason::Age(REFRESH_AFTER), now).await.map(drop) }));
    }

    /// Fetches the keys, one request at a time. A request that had to wait takes the result of that fetch and starts none.
    async fn fetch(&self, reason: Reason<'_>, now: Timestamp) -> Result<Arc<KeySet>, BoxError> {
        let before = self.state().fetches;
        let _guard = self.refresh_lock.lock().await;
        let State { keys, fetches, last_search, last_failure, .. } = self.state().clone();
        let searching = matches!(reason, Reason::Missing(_));
        let failed_at = last_failure.as_ref().map(|(at, _)| *at);
        let failed_recently = (searching || keys.is_none()) && within(RETRY_AFTER, failed_at, now);
        if let Some(kept) = keys.filter(|kept| reason.is_met_by(kept, now)) {
            return Ok(kept.set);
        }
        if fetches != before || failed_recently || (searching && within(COOL_DOWN, last_search, now)) {
            let error = last_failure.map(|(_, error)| format!(": {error}")).unwrap_or_default();
            return Err(format!("the issuer was called recently{error}").into());
        }
        self.note_fetch(now);
        let fetched = self.source.fetch().await;
        if searching && fetched.is_ok() {
            self.state().last_search = Some(now);
        }
        self.keep(fetched, now)
    }

    fn note_fetch(&self, now: Timestamp) {
        let mut state = self.state();
        state.fetches += 1;
        state.last_fetch = Some(now);
    }

    fn keep(&self, fetched: Result<KeySet, BoxError>, now: Timestamp) -> Result<Arc<KeySet>, BoxError> {
        let mut state = self.state();
        match fetched {
            Ok(set) => {
                let set = Arc::new(set);
                state.keys = Some(Fetched { set: Arc::clone(&set), at: now });
                state.last_failure = None;
                Ok(set)
            }
            Err(error) => {
                let kept = state.keys.is_some();
                let consequence = if kept { "cached keys stay in use" } else { "no token can be verified" };
                let cause = error_chain(&*error);
                count(Metric::IssuerFailures);
                tracing::warn!(error = cause, "the issuer's keys can't be fetched: {consequence}");
                state.last_failure = Some((now, cause));
                Err(error)
            }
        }
    }

    /// Ignores a poisoned lock, because a panic can't leave the state half changed.
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns `true` if `then` and `now` are less than `span` apart. Either may be first, because clocks can be set back.
fn within(span: SignedDuration, then: Option<Timestamp>, now: Timestamp) -> bool {
    then.is_some_and(|then| now.duration_since(then).abs() < span)
}

#[cfg(test)]
mod tests;
