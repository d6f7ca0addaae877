//! Model of the limiter: environments that cache one shared counter, compared with a simple reference.

use proptest::prelude::*;

use super::super::*;
use super::reference::Reference;

/// Start of a window of every length up to five seconds, in milliseconds.
const START: u64 = 1_700_000_040_000;

/// Maximum attempts of the limiter. After them it fails open or closed.
const MAX_ATTEMPTS: usize = 8;

/// Counter in the table.
#[derive(Default)]
pub(super) struct Store {
    counter: Option<Counter>,
    expiry: u64,
}

impl Store {
    /// Makes the conditional update of `storage::rate_limits`. Returns the new counter, or the current one if it fails.
    fn attempt(&mut self, attempt: Attempt, expiry: u64) -> Result<Counter, Option<Counter>> {
        let stored = self.counter;
        let next = match (attempt, stored) {
            (Attempt::StartWindow { window, newest }, stored) => stored
                .is_none_or(|stored| stored.window < window.saturating_sub(1) || stored.window > newest)
                .then_some(Counter { window, current: 1, previous: 0 }),
            (Attempt::AdvanceWindow { window, max_previous }, Some(stored)) => {
                (stored.window == window.saturating_sub(1) && stored.current <= max_previous)
                    .then_some(Counter { window, current: 1, previous: stored.current })
            }
            (Attempt::Count { window, previous, max_current }, Some(stored)) => {
                (stored.window == window && stored.previous == previous && stored.current <= max_current)
                    .then_some(Counter { current: stored.current + 1, ..stored })
            }
            (_, None) => None,
        };
        // Counting leaves the expiry as it is: it depends on the window alone.
        if next.is_some() && !matches!(attempt, Attempt::Count { .. }) {
            self.expiry = expiry;
        }
        self.counter = next.or(stored);
        next.ok_or(stored)
    }

    /// Deletes an expired counter, as TTL may at any time.
    fn sweep(&mut self, clock: u64) {
        if self.expiry <= clock / 1_000 {
            self.counter = None;
        }
    }
}

/// Request in progress: the counter that its environment caches, and the number of its calls.
pub(super) struct Request {
    now: u64,
    pub(super) calls: usize,
    pub(super) cached: Option<Counter>,
}

pub(super) enum Step {
    Passed(Counter),
    Rejected(u64),
    Again,
}

impl Request {
    pub(super) fn new(cached: Option<Counter>, now: u64) -> Self {
        Self { now, calls: 0, cached }
    }

    fn is_rejected_by_cache(&self, limit: RateLimitPolicy) -> bool {
        matches!(limit.plan(self.cached, self.now), Plan::Reject(_))
    }

    /// Runs one iteration of the loop of `edge::middleware::rate_limit`.
    fn step(&mut self, limit: RateLimitPolicy, store: &mut Store) -> Step {
        let attempt = match limit.plan(self.cached, self.now) {
            Plan::Try(attempt) => attempt,
            Plan::Reject(rejection) => return Step::Rejected(rejection.retry_after),
        };
        let (Attempt::StartWindow { window, .. }
        | Attempt::AdvanceWindow { window, .. }
        | Attempt::Count { window, .. }) = attempt;
        self.calls += 1;
        match store.attempt(attempt, limit.expiry(window)) {
            Ok(counter) => {
                self.cached = Some(counter);
                Step::Passed(counter)
            }
            Err(stored) => {
                self.cached = stored;
                Step::Again
            }
        }
    }

    pub(super) fn finish(&mut self, limit: RateLimitPolicy, store: &mut Store) -> Step {
        loop {
            match self.step(limit, store) {
                Step::Again => assert!(self.calls < MAX_ATTEMPTS, "the limiter would have given up"),
                end => return end,
            }
        }
    }
}

/// Returns the maximum of calls, by the contract, for a request without concurrent ones.
fn allowed_calls(reference: &Reference, request: &Request, passes: bool) -> usize {
    let window = request.now / reference.length();
    let seen = request.cached.is_some_and(|cached| cached.window == window);
    let idle = reference.of(window) == 0 && reference.of(window - 1) == 0;
    match passes {
        _ if request.is_rejected_by_cache(reference.limit) => 0,
        true if !seen && !idle => 2,
        _ => 1,
    }
}

fn limits() -> impl Strategy<Value = RateLimitPolicy> {
    (1..7_u64, 1..5_u64).prop_map(|(requests, seconds)| format!("{requests}/{seconds}s").parse().unwrap())
}

/// Milliseconds to the next arrival: mostly bursts, sometimes a pause of up to several windows.
fn gaps() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..300_u64, 2 => 300..2_000_u64, 1 => 2_000..30_000_u64]
}

/// Skew of a clock in milliseconds: mostly up to half a second, at most ten seconds between two clocks.
fn skews() -> impl Strategy<Value = i64> {
    prop_oneof![3 => -500..=500_i64, 1 => -5_000..=5_000_i64]
}

/// Arrivals: the gap before each, the environment that it comes to, and `true` if TTL deletes expired counters before it.
fn arrivals() -> impl Strategy<Value = Vec<(u64, usize, bool)>> {
    prop::collection::vec((gaps(), 0..3_usize, any::<bool>()), 1..80)
}

proptest! {
    #[test]
    fn request_passes_iff_the_rule_allows(limit in limits(), arrivals in arrivals()) {
        let (mut store, mut reference, mut clock) = (Store::default(), Reference::new(limit), START);
        let mut cache = [None; 3];
        for (gap, environment, sweep) in arrivals {
            clock += gap;
            if sweep {
                store.sweep(clock);
            }
            let mut request = Request::new(cache[environment], clock);
            let passes = reference.would_pass(clock);
            let calls = allowed_calls(&reference, &request, passes);
            match request.finish(limit, &mut store) {
                Step::Passed(counted) => {
                    prop_assert!(passes, "a request passes beyond the limit");
                    reference.pass(counted.window);
                    prop_assert_eq!(limit.status(counted, clock), reference.status(clock));
                }
                Step::Rejected(seconds) => {
                    prop_assert!(!passes, "a request within the limit is refused");
                    reference.check_retry_after(clock, seconds)?;
                }
                Step::Again => unreachable!("a request was not finished"),
            }
            prop_assert!(request.calls <= calls, "{} calls in place of {}", request.calls, calls);
            cache[environment] = request.cached.or(cache[environment]);
        }
    }

    #[test]
    fn skewed_clocks_never_exceed_the_limit(
        limit in limits(), arrivals in prop::collection::vec((gaps(), 0..3_usize, any::<bool>(), skews()), 1..80),
    ) {
        let (mut store, mut reference, mut clock) = (Store::default(), Reference::new(limit), START);
        let mut cache = [None; 3];
        for (gap, environment, sweep, skew) in arrivals {
            clock += gap;
            if sweep {
                store.sweep(clock);
            }
            let now = clock.saturating_add_signed(skew);
            let mut request = Request::new(cache[environment], now);
            let effective = reference.effective(now);
            match request.finish(limit, &mut store) {
                Step::Passed(counted) => {
                    prop_assert!(reference.would_pass(effective), "a request passes beyond the limit");
                    reference.pass(counted.window);
                }
                Step::Rejected(_) => {
                    // An environment with a late clock and an old counter may be right only by its own clock.
                    let beginnings = (now / reference.length() + 1..=effective / reference.length()).map(|window| window * reference.length());
                    let refused = [now].into_iter().chain(beginnings).any(|time| !reference.would_pass(time));
                    prop_assert!(refused, "a request within the limit is refused");
                }
                Step::Again => unreachable!("a request was not finished"),
            }
            cache[environment] = request.cached.or(cache[environment]);
        }
    }

    #[test]
    fn concurrent_requests_never_exceed_the_limit(
        limit in limits(), turns in prop::collection::vec((gaps(), 0..3_usize, 0..6_usize), 1..120),
    ) {
        let (mut store, mut reference, mut clock) = (Store::default(), Reference::new(limit), START);
        let mut cache = [None; 3];
        let mut in_progress: Vec<(usize, Request)> = Vec::new();
        for (gap, environment, turn) in turns {
            // A turn starts a new request, or runs one step of a request in progress.
            let Some(index) = turn.checked_sub(2).filter(|index| *index < in_progress.len()) else {
                clock += gap.min(2_000);
                // Timeouts end a request long before its age could be mistaken for clock skew.
                in_progress.retain(|(_, request)| clock - request.now < 8_000);
                in_progress.push((environment, Request::new(cache[environment], clock)));
                continue;
            };
            let (environment, request) = &mut in_progress[index];
            let passes = reference.would_pass(reference.effective(request.now));
            let step = request.step(limit, &mut store);
            prop_assert!(request.calls <= MAX_ATTEMPTS, "the limiter would have given up");
            cache[*environment] = request.cached.or(cache[*environment]);
            if let Step::Passed(counted) = step {
                prop_assert!(passes, "a request passes beyond the limit");
                reference.pass(counted.window);
            }
            if !matches!(step, Step::Again) {
                in_progress.swap_remove(index);
            }
        }
    }

    #[test]
    fn retry_after_is_the_first_second_that_passes(
        requests in 1..6_u64, seconds in 1..3_u64, current in 0..6_u64, previous in 0..6_u64, elapsed in 0..4_000_u64,
    ) {
        let limit: RateLimitPolicy = format!("{requests}/{seconds}s").parse().unwrap();
        let mut reference = Reference::new(limit);
        let window = START / reference.length();
        reference.put([(window - 1, previous), (window, current)]);
        let now = START + elapsed;
        let Plan::Reject(rejection) = limit.plan(Some(Counter { window, current, previous }), now) else {
            prop_assert!(reference.would_pass(now));
            return Ok(());
        };
        let wait = (0..3 * reference.length()).find(|wait| reference.would_pass(now + wait));
        prop_assert_eq!(Some(rejection.retry_after), wait.map(|wait| wait.div_ceil(1_000)));
    }
}
