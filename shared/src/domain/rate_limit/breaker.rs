//! Circuit breaker of the rate limit's table.
//!
//! | state | calls |
//! |---|---|
//! | closed | every request calls the table |
//! | open, after three failures in a row | none for ten seconds |
//! | probed | one request calls the table, and others still don't; its success closes the breaker |
//!
//! The times of requests come in as arguments. A clock that was set back ends the ten seconds, because otherwise an open
//! breaker could stay open for as long as the step.

/// Failures in a row that open the breaker.
const MAX_FAILURES: u32 = 3;

/// Milliseconds until a probe.
const PAUSE_MS: u64 = 10_000;

/// Circuit breaker of one execution environment.
///
/// ```
/// use shared::domain::rate_limit::Breaker;
///
/// let mut breaker = Breaker::default();
/// for _ in 0..3 {
///     assert!(breaker.permits(0));
///     breaker.fail(0);
/// }
/// assert!(!breaker.permits(9_999));
/// assert!(breaker.permits(10_000), "the probe");
/// assert!(!breaker.permits(10_001));
/// assert_eq!(breaker.succeed(), Some(2), "requests that did not call");
/// assert!(breaker.permits(10_002));
/// ```
#[derive(Debug, Default)]
pub struct Breaker {
    failures: u32,
    /// Time of the failure that opened it, or of the last probe.
    open_since: Option<u64>,
    /// Requests that did not call since the last failure.
    skipped: u64,
}

/// Failure of a request that called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Requests without a successful call since the last failure, this one included.
    pub requests: u64,
    /// Seconds for which no further request calls, if the breaker is open.
    pub pause_seconds: Option<u64>,
}

impl Breaker {
    /// Returns `true` if the request at `now` (milliseconds since the epoch) may call. If the breaker is open, that is the
    /// probe.
    pub fn permits(&mut self, now: u64) -> bool {
        let is_permitted = !self.skips(now);
        if is_permitted && self.open_since.is_some() {
            // A probe that never ends, because its request was canceled, is followed by another one.
            self.open_since = Some(now);
        }
        is_permitted
    }

    /// Returns `true` if the request at `now` must not call. It is then counted as skipped.
    pub fn skips(&mut self, now: u64) -> bool {
        let passed = self.open_since.and_then(|since| now.checked_sub(since));
        let is_skipped = passed.is_some_and(|passed| passed < PAUSE_MS);
        self.skipped += u64::from(is_skipped);
        is_skipped
    }

    /// Records that the table responded. Returns the number of requests that did not call, if the breaker was open.
    pub fn succeed(&mut self) -> Option<u64> {
        self.failures = 0;
        let skipped = std::mem::take(&mut self.skipped);
        self.open_since.take().map(|_| skipped)
    }

    /// Records the failure of the request at `now`.
    pub fn fail(&mut self, now: u64) -> Failure {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= MAX_FAILURES {
            self.open_since = Some(now);
        }
        let requests = std::mem::take(&mut self.skipped) + 1;
        Failure { requests, pause_seconds: self.open_since.map(|_| PAUSE_MS / 1000) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a breaker that three failures at `now` have opened.
    fn open(now: u64) -> Breaker {
        let mut breaker = Breaker::default();
        assert_eq!([(); 3].map(|()| breaker.fail(now).pause_seconds), [None, None, Some(10)]);
        breaker
    }

    #[test]
    fn success_between_failures_keeps_it_closed() {
        let mut breaker = Breaker::default();
        for _ in 0..10 {
            breaker.fail(0);
            assert_eq!(breaker.fail(0), Failure { requests: 1, pause_seconds: None });
            assert_eq!(breaker.succeed(), None);
            assert!(breaker.permits(0));
        }
    }

    #[test]
    fn third_failure_opens_for_ten_seconds() {
        let mut breaker = open(5_000);
        for now in [5_000, 5_001, 14_999] {
            assert!(!breaker.permits(now), "{now}");
        }
        assert!(breaker.permits(15_000));
    }

    #[test]
    fn one_probe_at_a_time() {
        let mut breaker = open(0);
        assert_eq!(
            [10_000, 10_000, 15_000, 19_999].map(|now| breaker.permits(now)),
            [true, false, false, false]
        );
        assert!(breaker.permits(20_000), "the first probe was canceled");
    }

    #[test]
    fn skipping_is_no_probe() {
        let mut breaker = open(0);
        assert!(breaker.skips(9_999) && !breaker.skips(10_000) && !breaker.skips(10_001));
        assert!(breaker.permits(10_002) && breaker.skips(10_003));
        assert_eq!(breaker.succeed(), Some(2));
    }

    #[test]
    fn failed_probe_opens_for_ten_more() {
        let mut breaker = open(0);
        assert_eq!([1, 2].map(|now| breaker.permits(now)), [false, false]);
        assert!(breaker.permits(12_000));
        assert_eq!(breaker.fail(12_000), Failure { requests: 3, pause_seconds: Some(10) });
        assert!(!breaker.permits(21_999) && breaker.permits(22_000));
        assert_eq!(breaker.fail(22_000).requests, 2);
    }

    #[test]
    fn successful_probe_closes_and_forgets_failures() {
        let mut breaker = open(0);
        assert!(!breaker.permits(1) && breaker.permits(10_000));
        assert_eq!(breaker.succeed(), Some(1));
        assert!(breaker.permits(10_001));
        assert_eq!(breaker.fail(10_001).pause_seconds, None);
        assert_eq!(breaker.succeed(), None);
    }

    #[test]
    fn clock_set_back_causes_a_probe() {
        let mut breaker = open(1_000_000);
        assert!(breaker.permits(999_999));
        assert!(!breaker.permits(1_009_998));
    }
}
