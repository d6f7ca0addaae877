//! Cache of an issuer's keys: fetches them once, refreshes them in the background, keeps them while the issuer is down, and
//! fetches again for an unknown `kid`. Knows no HTTP and no clock.
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

/// From this age on keys are refreshed beside the request that finds them so.
const REFRESH_AFTER: SignedDuration = SignedDuration::from_mins(5);

/// From this age on a request waits for new keys: a key that the issuer withdrew is not accepted much longer.
const MAX_AGE: SignedDuration = SignedDuration::from_mins(10);

/// Time until an issuer that answered without a wanted key is asked for a key again, so that forged key ids cannot flood
/// it; also until known keys are refreshed again after a failure.
const COOL_DOWN: SignedDuration = SignedDuration::from_secs(30);

/// Time after a failed fetch until a request that cannot do without it tries again. Callers are told to wait as long. It
/// is short because a key that the issuer has by now must not stay locked out.
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(1);

/// Where keys come from.
pub(super) trait Source: Send + Sync + 'static {
    /// Fetches the keys as they are now.
    fn fetch(&self) -> impl Future<Output = Result<KeySet, BoxError>> + Send;
}

/// The keys of a source.
pub(super) struct Cache<S> {
    source: S,
    state: Mutex<State>,
    /// Whoever holds it asks the source; the others wait for what comes of it.
    refresh_lock: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct State {
    keys: Option<Fetched>,
    /// When the source was last asked.
    last_fetch: Option<Timestamp>,
    /// When the source was last asked for a key that was not among those kept, and answered.
    last_miss: Option<Timestamp>,
    /// When the last try began, if it was in vain.
    last_failure: Option<Timestamp>,
    /// How often the source was asked.
    fetches: u64,
}

#[derive(Clone)]
struct Fetched {
    set: Arc<KeySet>,
    at: Timestamp,
}

/// What keys are asked for.
#[derive(Clone, Copy)]
enum Reason<'t> {
    /// Those kept, if any, are older than this.
    Age(SignedDuration),
    /// The key of this id is not among those kept.
    Missing(&'t str),
}

impl Reason<'_> {
    /// Whether keys that came meanwhile will do.
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

    /// The keys to verify a token with that names the key `id`, at `now`.
    ///
    /// # Errors
    ///
    /// If there are none, and the source gives none.
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

    /// Fetches the keys in the background. A request that can't do without them waits for that.
    pub(super) fn refresh(self: &Arc<Self>, now: Timestamp) {
        // Noted here and not when the task begins, so that there is one task.
        self.state().last_fetch = Some(now);
        let cache = Arc::clone(self);
        // Lambda may freeze the task along with its environment; then it goes on, or fails, beside the next request.
        drop(tokio::spawn(async move { cache.fetch(Reason::Age(REFRESH_AFTER), now).await.map(drop) }));
    }

    /// Asks the source, one caller at a time. Whoever had to wait takes what came meanwhile, and doesn't ask once more
    /// where a try failed that began after they came.
    async fn fetch(&self, reason: Reason<'_>, now: Timestamp) -> Result<Arc<KeySet>, BoxError> {
        let before = self.state().fetches;
        let _guard = self.refresh_lock.lock().await;
        let State { keys, fetches, last_miss, last_failure, .. } = self.state().clone();
        let searching = matches!(reason, Reason::Missing(_));
        let failed_recently = (searching || keys.is_none()) && within(RETRY_AFTER, last_failure, now);
        if let Some(kept) = keys.filter(|kept| reason.is_met_by(kept, now)) {
            return Ok(kept.set);
        }
        if fetches != before || failed_recently || (searching && within(COOL_DOWN, last_miss, now)) {
            return Err("the issuer was asked just now".into());
        }
        self.note_fetch(now);
        let fetched = self.source.fetch().await;
        if searching && fetched.is_ok() {
            self.state().last_miss = Some(now);
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
                state.last_failure = Some(now);
                let kept = state.keys.is_some();
                let so = if kept { "the ones known before serve on" } else { "no token can be verified" };
                tracing::warn!(error = error_chain(&*error), "the issuer's keys can't be fetched: {so}");
                Err(error)
            }
        }
    }

    /// A panic elsewhere can't leave the state half changed, so a poisoned lock is as good as any.
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether less than `span` lies between `then` and `now`, whichever comes first: clocks may be set back.
fn within(span: SignedDuration, then: Option<Timestamp>, now: Timestamp) -> bool {
    then.is_some_and(|then| now.duration_since(then).abs() < span)
}

#[cfg(test)]
mod tests;
