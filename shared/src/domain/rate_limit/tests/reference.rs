//! Reference implementation of the sliding window, too simple to be wrong.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::super::{RateLimitPolicy, RateLimitStatus};

/// Number of requests that passed in each window.
pub(crate) struct Reference {
    pub(crate) limit: RateLimitPolicy,
    passed: BTreeMap<u64, u64>,
}

impl Reference {
    pub(crate) fn new(limit: RateLimitPolicy) -> Self {
        Self { limit, passed: BTreeMap::new() }
    }

    /// Returns the length of a window in milliseconds.
    pub(crate) fn length(&self) -> u64 {
        self.limit.window_seconds() * 1_000
    }

    /// Returns the number of requests that passed in a window.
    pub(crate) fn of(&self, window: u64) -> i128 {
        self.passed.get(&window).copied().unwrap_or(0).into()
    }

    /// Returns `true` if a request at `now` (milliseconds since the epoch) may pass.
    pub(crate) fn would_pass(&self, now: u64) -> bool {
        self.has_room_for(1, now)
    }

    /// Checks `current + previous × share + more <= limit`, exactly: multiplied by the length of a window.
    fn has_room_for(&self, more: u64, now: u64) -> bool {
        let (length, window) = (self.length(), now / self.length());
        let share_ms = i128::from((window + 1) * length - now);
        let length = i128::from(length);
        let used = self.of(window) * length + self.of(window - 1) * share_ms;
        used + i128::from(more) * length <= i128::from(self.limit.requests()) * length
    }

    /// Returns the status at `now`, after a request that passed.
    pub(crate) fn status(&self, now: u64) -> RateLimitStatus {
        let left = (1..=self.limit.requests()).take_while(|more| self.has_room_for(*more, now)).count();
        let seconds = (1..=self.limit.window_seconds())
            .find(|seconds| (now + seconds * 1_000) / self.length() > now / self.length());
        RateLimitStatus { remaining: left.try_into().unwrap(), reset_after: seconds.unwrap() }
    }

    /// Returns the time at which a request counts: at the earliest the start of the newest window, because windows never
    /// run back.
    pub(crate) fn effective(&self, now: u64) -> u64 {
        let newest = self.passed.last_key_value().map_or(0, |(window, _)| *window);
        now.max(newest * self.length())
    }

    /// Counts a request in this window.
    pub(crate) fn pass(&mut self, window: u64) {
        *self.passed.entry(window).or_default() += 1;
    }

    /// Sets the numbers of requests that passed in these windows.
    pub(crate) fn put(&mut self, passed: impl IntoIterator<Item = (u64, u64)>) {
        self.passed.extend(passed);
    }

    /// Asserts that a request passes after this number of seconds, and not a second earlier.
    pub(crate) fn check_retry_after(&self, now: u64, seconds: u64) -> TestCaseResult {
        prop_assert!(seconds >= 1);
        prop_assert!(self.would_pass(now + seconds * 1_000), "a request after {} s does not pass", seconds);
        prop_assert!(!self.would_pass(now + (seconds - 1) * 1_000), "a request a second earlier would pass");
        Ok(())
    }
}
