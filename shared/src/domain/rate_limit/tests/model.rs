//! The limiter as a whole, against a statement of its rule that is too simple to be wrong: instances that each believe
//! something of one shared counter, and a reference of what passed that every answer is compared with.

use proptest::prelude::*;

use super::super::*;
use super::reference::Reference;

/// The beginning of a window of every length up to five seconds, in milliseconds.
const START: u64 = 1_700_000_040_000;

/// More tries than this the limiter does not make, and lets the request pass uncounted or not at all.
const MAX_ATTEMPTS: usize = 8;

/// The counter as the table holds it.
#[derive(Default)]
struct Store {
    counter: Option<Counter>,
    expiry: u64,
}

impl Store {
    /// Does what the conditions and updates of `storage::rate_limits` say: the counter after it, or the one in the way.
    fn attempt(&mut self, attempt: Attempt, expiry: u64) -> Result<Counter, Option<Counter>> {
        let held = self.counter;
        let next = match (attempt, held) {
            (Attempt::StartWindow { window, newest }, held) => held
                .is_none_or(|held| held.window < window.saturating_sub(1) || held.window > newest)
                .then_some(Counter { window, current: 1, previous: 0 }),
            (Attempt::AdvanceWindow { window, max_previous }, Some(held)) => (held.window
                == window.saturating_sub(1)
                && held.current <= max_previous)
                .then_some(Counter { window, current: 1, previous: held.current }),
            (Attempt::Count { window, previous, max_current }, Some(held)) => {
                (held.window == window && held.previous == previous && held.current <= max_current)
                    .then_some(Counter { current: held.current + 1, ..held })
            }
            (_, None) => None,
        };
        // Counting leaves the expiry as it is: it depends on the window alone.
        if next.is_some() && !matches!(attempt, Attempt::Count { .. }) {
            self.expiry = expiry;
        }
        self.counter = next.or(held);
        next.ok_or(held)
    }

    /// What TTL may do at any time after an item expired.
    fn sweep(&mut self, clock: u64) {
        if self.expiry <= clock / 1_000 {
            self.counter = None;
        }
    }
}

/// A request under way: what its instance believes, and how often it asked the store.
struct Request {
    now: u64,
    calls: usize,
    cached: Option<Counter>,
}

enum Step {
    Passed(Counter),
    Rejected(u64),
    Again,
}

impl Request {
    fn new(cached: Option<Counter>, now: u64) -> Self {
        Self { now, calls: 0, cached }
    }

    fn is_refused_already(&self, limit: RateLimitPolicy) -> bool {
        matches!(limit.plan(self.cached, self.now), Plan::Reject(_))
    }

    /// One turn of the loop of `edge::middleware::rate_limit`.
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
            Err(held) => {
                self.cached = held;
                Step::Again
            }
        }
    }

    fn finish(&mut self, limit: RateLimitPolicy, store: &mut Store) -> Step {
        loop {
            match self.step(limit, store) {
                Step::Again => assert!(self.calls < MAX_ATTEMPTS, "the limiter would have given up"),
                end => return end,
            }
        }
    }
}

/// The calls that the contract allows for a request that nothing interferes with.
fn allowed_calls(reference: &Reference, request: &Request, passes: bool) -> usize {
    let window = request.now / reference.length();
    let seen = request.cached.is_some_and(|cached| cached.window == window);
    let idle = reference.of(window) == 0 && reference.of(window - 1) == 0;
    match passes {
        _ if request.is_refused_already(reference.limit) => 0,
        true if !seen && !idle => 2,
        _ => 1,
    }
}

fn limits() -> impl Strategy<Value = RateLimitPolicy> {
    (1..7_u64, 1..5_u64).prop_map(|(requests, seconds)| format!("{requests}/{seconds}s").parse().unwrap())
}

/// Milliseconds to the next arrival: mostly in bursts, now and then after a pause of up to several windows.
fn gaps() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..300_u64, 2 => 300..2_000_u64, 1 => 2_000..30_000_u64]
}

/// How far a clock is off when a request arrives: mostly within a second, at worst ten seconds from another one.
fn skews() -> impl Strategy<Value = i64> {
    prop_oneof![3 => -500..=500_i64, 1 => -5_000..=5_000_i64]
}

/// Arrivals: the gap before each, the instance that it comes to, and whether TTL deletes what is expired before it.
fn arrivals() -> impl Strategy<Value = Vec<(u64, usize, bool)>> {
    prop::collection::vec((gaps(), 0..3_usize, any::<bool>()), 1..80)
}

proptest! {
    #[test]
    fn request_passes_iff_the_rule_allows(limit in limits(), arrivals in arrivals()) {
        let (mut store, mut reference, mut clock) = (Store::default(), Reference::new(limit), START);
        let mut cache = [None; 3];
        for (gap, instance, sweep) in arrivals {
            clock += gap;
            if sweep {
                store.sweep(clock);
            }
            let mut request = Request::new(cache[instance], clock);
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
            cache[instance] = request.cached.or(cache[instance]);
        }
    }

    #[test]
    fn skewed_clocks_never_exceed_the_limit(
        limit in limits(), arrivals in prop::collection::vec((gaps(), 0..3_usize, any::<bool>(), skews()), 1..80),
    ) {
        let (mut store, mut reference, mut clock) = (Store::default(), Reference::new(limit), START);
        let mut cache = [None; 3];
        for (gap, instance, sweep, skew) in arrivals {
            clock += gap;
            if sweep {
                store.sweep(clock);
            }
            let now = clock.saturating_add_signed(skew);
            let mut request = Request::new(cache[instance], now);
            let effective = reference.effective(now);
            match request.finish(limit, &mut store) {
                Step::Passed(counted) => {
                    prop_assert!(reference.would_pass(effective), "a request passes beyond the limit");
                    reference.pass(counted.window);
                }
                Step::Rejected(_) => {
                    // An instance that is behind, and has not heard of a new window, may be right by its own clock only.
                    let beginnings = (now / reference.length() + 1..=effective / reference.length()).map(|window| window * reference.length());
                    let refused = [now].into_iter().chain(beginnings).any(|time| !reference.would_pass(time));
                    prop_assert!(refused, "a request within the limit is refused");
                }
                Step::Again => unreachable!("a request was not finished"),
            }
            cache[instance] = request.cached.or(cache[instance]);
        }
    }

    #[test]
    fn concurrent_requests_never_exceed_the_limit(
        limit in limits(), turns in prop::collection::vec((gaps(), 0..3_usize, 0..6_usize), 1..120),
    ) {
        let (mut store, mut reference, mut clock) = (Store::default(), Reference::new(limit), START);
        let mut cache = [None; 3];
        let mut under_way: Vec<(usize, Request)> = Vec::new();
        for (gap, instance, turn) in turns {
            // A turn brings a new request, or one step of a request under way.
            let Some(index) = turn.checked_sub(2).filter(|index| *index < under_way.len()) else {
                clock += gap.min(2_000);
                // The time-outs of the table's calls end a request long before clocks could be said to differ by it.
                under_way.retain(|(_, request)| clock - request.now < 8_000);
                under_way.push((instance, Request::new(cache[instance], clock)));
                continue;
            };
            let (instance, request) = &mut under_way[index];
            let passes = reference.would_pass(reference.effective(request.now));
            let step = request.step(limit, &mut store);
            prop_assert!(request.calls <= MAX_ATTEMPTS, "the limiter would have given up");
            cache[*instance] = request.cached.or(cache[*instance]);
            if let Step::Passed(counted) = step {
                prop_assert!(passes, "a request passes beyond the limit");
                reference.pass(counted.window);
            }
            if !matches!(step, Step::Again) {
                under_way.swap_remove(index);
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
