//! Sliding-window rate limit, in exact integer arithmetic of milliseconds.
//!
//! What must stay out: the table and the clock.
//!
//! # Window
//!
//! Time is cut into windows of equal length, numbered from the Unix epoch. A caller has used
//! `current + previous × (share of the previous window still inside the sliding window)` requests. A request passes while
//! one more stays within the limit.
//!
//! # Counter
//!
//! The table holds one item for each caller and function: `window`, `current`, `previous` and `expiresAt`. Each request is
//! one conditional `UpdateItem`, which counts it or fails. A failed condition returns the item, so the environment learns
//! the counter either way. [`RateLimitPolicy::plan`] reads the cached counter and rejects the request, or chooses an
//! attempt:
//!
//! | attempt | cached counter | condition |
//! |---|---|---|
//! | [`Attempt::StartWindow`] | none, too old or too far ahead | no readable counter, or one too old or too far ahead |
//! | [`Attempt::AdvanceWindow`] | of the window before | `current`, now `previous`, leaves room for one request |
//! | [`Attempt::Count`] | of this window | `previous` is as cached, `current` leaves room for one request |
//!
//! Each condition states the whole rule, so no interleaving of concurrent environments lets an extra request pass. A cached
//! counter may be out of date, but counts only grow. A rejection based on an old one is still right, and needs no call.
//! Expired items change no decision; TTL only cleans up. An item that lacks one of the numbers is overwritten.
//!
//! # Clocks
//!
//! Clocks may step and differ. Windows never run back: a counter up to 10 s ahead is accepted, and a request counts in its
//! window. The limit then holds by the clock that is furthest ahead, and no caller waits longer than two windows and 10 s.
//! A counter further ahead is overwritten, so a larger step locks out no caller and grants at most one more limit. The
//! limit is exceeded only while environments whose clocks stay further apart serve the same caller.
//!
//! # Round trips
//!
//! | caller | round trips |
//! |---|---|
//! | new, or idle for two windows | 1 |
//! | seen by this environment in this window | 1 |
//! | seen by it in the window before | 1, or 2 if another environment has advanced the counter |
//! | over the limit | 1, then 0 while this environment knows |
//! | any other | 2 |
//!
//! `edge::middleware::rate_limit` caches up to 4096 counters in an environment, and clears the cache when there are more.
//! That costs each caller one round trip and changes no decision, so a flood of addresses gains nothing.
//!
//! # Two limits
//!
//! `ORG_RATE_LIMIT` is a second limit by the same rule, for each organization and function. Both counters are called
//! concurrently, once the caller is known to be a member. Both must let a request pass. One that a limit rejects may have
//! been counted by the other.
//!
//! # Failures
//!
//! If the table is unavailable, nothing is counted. `RATE_LIMIT_ON_ERROR=allow` fails open: the limit holds only while the
//! table responds. `deny` fails closed with 503, and the limit always holds. An attempt that was late, or whose response
//! was lost, may have counted the request, and its retry counts it again: twice perhaps, never less than once. After three
//! failures in a row a [`Breaker`] spares the next requests the wait.

mod breaker;

use std::fmt;
use std::str::FromStr;

pub use self::breaker::{Breaker, Failure};
use super::ParseError;

/// Maximum difference in milliseconds between the clocks of two environments. A counter further ahead is ignored.
const MAX_CLOCK_SKEW_MS: u64 = 10_000;

/// Limit that a request is counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// `RATE_LIMIT`, of each caller.
    Caller,
    /// `ORG_RATE_LIMIT`, of each organization.
    Organization,
}

/// Policy of a rate limit: requests per sliding window.
///
/// ```
/// use shared::domain::rate_limit::RateLimitPolicy;
///
/// let policy: RateLimitPolicy = "10/60s".parse()?;
/// assert_eq!((policy.requests(), policy.window_seconds()), (10, 60));
/// # Ok::<(), shared::domain::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitPolicy {
    requests: u64,
    window_ms: u64,
}

/// Counter of a caller: counts of a window and of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Number of the window, counted from the Unix epoch.
    pub window: u64,
    /// Requests that passed in the window.
    pub current: u64,
    /// Requests that passed in the window before it.
    pub previous: u64,
}

/// Conditional change of the counter that counts one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Resets the counter if it is unreadable, missing, older than `window - 1` or newer than `newest`.
    StartWindow {
        /// Window to start.
        window: u64,
        /// Newest window of a counter that is accepted.
        newest: u64,
    },
    /// Advances the counter from the window before, if at most `max_previous` passed in it.
    AdvanceWindow {
        /// Window to start.
        window: u64,
        /// Maximum of requests in the window before.
        max_previous: u64,
    },
    /// Counts in the window, if `previous` is unchanged and at most `max_current` passed so far.
    Count {
        /// Window to count in.
        window: u64,
        /// Requests that passed in the window before.
        previous: u64,
        /// Maximum of requests in this window so far.
        max_current: u64,
    },
}

/// Decision about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Attempt to count it.
    Try(Attempt),
    /// Reject it. No other request can change that, because counts only grow.
    Reject(RateLimited),
}

/// Rejection of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimited {
    /// Whole seconds until a request would pass if no other came before, at least 1.
    pub retry_after: u64,
}

/// Status of a rate limit after a request that passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimitStatus {
    /// Whole requests that would pass now.
    pub remaining: u64,
    /// Whole seconds to the end of the current window, at least 1.
    pub reset_after: u64,
}

impl Limit {
    /// Returns the name in the headers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Caller => "default",
            Self::Organization => "organization",
        }
    }
}

impl RateLimitPolicy {
    /// Returns the requests per window.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Returns the length of the window in seconds.
    #[must_use]
    pub fn window_seconds(&self) -> u64 {
        self.window_ms / 1000
    }

    /// Returns the Unix time in seconds from which a counter of `window` changes no decision, by any environment's clock.
    #[must_use]
    pub fn expiry(&self, window: u64) -> u64 {
        ((window + 2) * self.window_ms + MAX_CLOCK_SKEW_MS).div_ceil(1000) + 1
    }

    /// Decides about a request at `now` (milliseconds since the epoch). The cached counter may be out of date.
    #[must_use]
    pub fn plan(&self, cached: Option<Counter>, now: u64) -> Plan {
        let (window, newest) = (now / self.window_ms, (now + MAX_CLOCK_SKEW_MS) / self.window_ms);
        match cached {
            // An environment whose clock is ahead may have started the window early. It counts as just begun.
            Some(counter) if (window..=newest).contains(&counter.window) => self.plan_within(counter, now),
            Some(counter) if counter.window.checked_add(1) == Some(window) => self.plan_after(counter, now),
            _ => Plan::Try(Attempt::StartWindow { window, newest }),
        }
    }

    fn plan_within(&self, counter: Counter, now: u64) -> Plan {
        let Counter { window, current, previous } = counter;
        match self.room(previous, self.elapsed(window, now)).checked_sub(1) {
            Some(max_current) if current <= max_current => {
                Plan::Try(Attempt::Count { window, previous, max_current })
            }
            _ => self.reject(counter, now),
        }
    }

    fn plan_after(&self, counter: Counter, now: u64) -> Plan {
        let window = counter.window + 1;
        let share_ms = self.window_ms - self.elapsed(window, now);
        let max_previous = (self.requests - 1) * self.window_ms / share_ms;
        if counter.current <= max_previous {
            return Plan::Try(Attempt::AdvanceWindow { window, max_previous });
        }
        self.reject(Counter { window, current: 0, previous: counter.current }, now)
    }

    /// Returns the status at this counter.
    #[must_use]
    pub fn status(&self, counter: Counter, now: u64) -> RateLimitStatus {
        let room = self.room(counter.previous, self.elapsed(counter.window, now));
        // The window is this clock's, even if another environment's clock is ahead.
        let to_end_ms = self.window_ms - now % self.window_ms;
        RateLimitStatus {
            remaining: room.saturating_sub(counter.current),
            reset_after: to_end_ms.div_ceil(1000),
        }
    }

    /// Returns the milliseconds since the window began: 0 before it, and always less than its length.
    fn elapsed(&self, window: u64, now: u64) -> u64 {
        now.saturating_sub(window * self.window_ms).min(self.window_ms - 1)
    }

    /// Returns the maximum of requests in the current window, `elapsed` milliseconds into it.
    fn room(&self, previous: u64, elapsed: u64) -> u64 {
        let limit = self.requests * self.window_ms;
        limit.saturating_sub(previous.saturating_mul(self.window_ms - elapsed)) / self.window_ms
    }

    fn reject(&self, counter: Counter, now: u64) -> Plan {
        let wait_ms = self.next_pass(counter).saturating_sub(now);
        Plan::Reject(RateLimited { retry_after: wait_ms.div_ceil(1000).max(1) })
    }

    /// Returns the first millisecond at which a request passes if none passes before.
    fn next_pass(&self, counter: Counter) -> u64 {
        let Counter { window, current, previous } = counter;
        if current < self.requests {
            // The previous window must fade until one more request fits.
            return window * self.window_ms + self.fade(previous, self.requests - current - 1);
        }
        // The current window is full. It must become the previous one and fade.
        (window + 1) * self.window_ms + self.fade(current, self.requests - 1)
    }

    /// Returns the milliseconds into a window until `previous` weighs at most `allowed`.
    fn fade(&self, previous: u64, allowed: u64) -> u64 {
        match previous {
            0 => 0,
            _ => self.window_ms.saturating_sub(allowed * self.window_ms / previous),
        }
    }
}

impl FromStr for RateLimitPolicy {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let parse = || {
            let (requests, window) = text.split_once('/')?;
            // `u64` accepts a plus sign.
            let seconds: u64 =
                window.strip_suffix('s').filter(|text| !text.starts_with('+'))?.parse().ok()?;
            let requests: u64 = Some(requests).filter(|text| !text.starts_with('+'))?.parse().ok()?;
            let fits = (1..=1_000_000).contains(&requests) && (1..=86_400).contains(&seconds);
            fits.then_some(Self { requests, window_ms: seconds * 1000 })
        };
        let form = "must be like 10/10s (1 to 1000000 requests in 1 to 86400 seconds)";
        parse().ok_or_else(|| ParseError::new(form))
    }
}

impl fmt::Display for RateLimitPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}s", self.requests, self.window_seconds())
    }
}

#[cfg(test)]
pub(crate) mod tests;
