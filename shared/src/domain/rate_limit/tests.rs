//! Arithmetic of the window on both sides of every boundary, to the millisecond.

mod cost;
mod model;
pub(crate) mod reference;

use proptest::prelude::*;

use super::*;

/// Start of window 170,000,000 of ten seconds, in milliseconds.
const START: u64 = 1_700_000_000_000;
const WINDOW: u64 = START / 10_000;

fn limit(text: &str) -> RateLimitPolicy {
    text.parse().unwrap()
}

fn counter(current: u64, previous: u64) -> Counter {
    Counter { window: WINDOW, current, previous }
}

fn passes(limit: RateLimitPolicy, counter: Counter, now: u64) -> bool {
    matches!(limit.plan(Some(counter), now), Plan::Try(_))
}

fn retry_after(limit: RateLimitPolicy, counter: Counter, now: u64) -> Option<u64> {
    match limit.plan(Some(counter), now) {
        Plan::Reject(rejection) => Some(rejection.retry_after),
        Plan::Try(_) => None,
    }
}

#[test]
fn without_counter_the_plan_starts_a_window() {
    for elapsed in [0, 1, 9_999] {
        let open = Attempt::StartWindow { window: WINDOW, newest: WINDOW + 1 };
        assert_eq!(limit("10/10s").plan(None, START + elapsed), Plan::Try(open));
    }
}

#[test]
fn requests_pass_up_to_the_limit() {
    for (requests, current, expected) in [(10, 9, true), (10, 10, false), (1, 0, true), (1, 1, false)] {
        let limit = limit(&format!("{requests}/10s"));
        assert_eq!(passes(limit, counter(current, 0), START), expected, "{current} of {requests}");
        assert_eq!(passes(limit, counter(current, 0), START + 9_999), expected, "{current} of {requests}");
    }
}

#[test]
fn full_previous_window_fades_to_the_millisecond() {
    for (current, previous, first) in [
        (0, 10, 1_000),
        (1, 10, 2_000),
        (5, 10, 6_000),
        (8, 10, 9_000),
        // A share of 5,714 ms weighs 3.9998 of 7 requests, one of 5,715 ms weighs 4.0005.
        (5, 7, 4_286),
        (0, 12, 2_500),
        (7, 9, 7_778),
    ] {
        let limit = limit("10/10s");
        assert!(!passes(limit, counter(current, previous), START + first - 1), "{current} {previous}");
        assert!(passes(limit, counter(current, previous), START + first), "{current} {previous}");
    }
}

#[test]
fn window_ends_with_its_last_millisecond() {
    let (limit, nine) = (limit("10/10s"), counter(9, 3));
    // Beside nine requests any share of the previous window is too much. The next window has only the nine.
    assert!(!passes(limit, nine, START + 9_999));
    assert!(passes(limit, nine, START + 10_000));
}

#[test]
fn full_window_fades_during_the_next_one() {
    let (limit, full) = (limit("10/10s"), counter(10, 0));
    for (elapsed, expected) in
        [(9_999, false), (10_000, false), (10_999, false), (11_000, true), (19_999, true), (20_000, true)]
    {
        assert_eq!(passes(limit, full, START + elapsed), expected, "{elapsed} ms");
    }
    let open = Attempt::StartWindow { window: WINDOW + 2, newest: WINDOW + 3 };
    assert_eq!(limit.plan(Some(full), START + 20_000), Plan::Try(open));
}

#[test]
fn limit_of_one_waits_until_next_window_ends() {
    let (limit, used) = (limit("1/10s"), counter(1, 0));
    assert!(!passes(limit, used, START + 19_999));
    assert!(passes(limit, used, START + 20_000));
}

#[test]
fn retry_after_is_the_wait_in_whole_seconds() {
    for (requests, current, previous, elapsed, seconds) in [
        (10, 10, 0, 0, 11),
        (10, 10, 0, 1, 11),
        (10, 10, 0, 1_000, 10),
        (10, 10, 0, 1_001, 10),
        (10, 10, 0, 10_000, 1),
        (10, 10, 0, 10_999, 1),
        (10, 0, 10, 0, 1),
        (10, 5, 10, 0, 6),
        (10, 5, 10, 5_001, 1),
        (10, 5, 10, 4_999, 2),
        (10, 9, 1, 9_999, 1),
        (1, 1, 0, 0, 20),
        (1, 1, 0, 19_999, 1),
    ] {
        let case = format!("{current} and {previous} of {requests} at {elapsed} ms");
        let limit = limit(&format!("{requests}/10s"));
        assert_eq!(retry_after(limit, counter(current, previous), START + elapsed), Some(seconds), "{case}");
    }
}

#[test]
fn status_has_whole_requests_and_seconds() {
    for (current, previous, elapsed, remaining, reset_after) in [
        (1, 0, 0, 9, 10),
        (1, 0, 1, 9, 10),
        (1, 0, 8_999, 9, 2),
        (1, 0, 9_000, 9, 1),
        (1, 0, 9_999, 9, 1),
        (10, 0, 0, 0, 10),
        (1, 10, 5_000, 4, 5),
        // Three and a half of the seven still weigh, so of 5.5 requests five are whole.
        (1, 7, 5_000, 5, 5),
        (6, 10, 6_000, 0, 4),
    ] {
        let status = limit("10/10s").status(counter(current, previous), START + elapsed);
        assert_eq!(
            status,
            RateLimitStatus { remaining, reset_after },
            "{current} and {previous} at {elapsed} ms"
        );
    }
}

#[test]
fn window_started_early_counts_as_just_begun() {
    let limit = limit("10/10s");
    let early = Counter { window: WINDOW + 1, current: 2, previous: 8 };
    assert!(!passes(limit, early, START + 9_000));
    let fits = Counter { window: WINDOW + 1, current: 1, previous: 8 };
    let count = Attempt::Count { window: WINDOW + 1, previous: 8, max_current: 1 };
    assert_eq!(limit.plan(Some(fits), START + 9_000), Plan::Try(count));
}

#[test]
fn counter_too_far_ahead_is_overwritten() {
    let full = |ahead| Counter { window: START / 1_000 + ahead, current: 10, previous: 0 };
    assert!(!passes(limit("10/1s"), full(10), START));
    let open = Attempt::StartWindow { window: START / 1_000, newest: START / 1_000 + 10 };
    assert_eq!(limit("10/1s").plan(Some(full(11)), START), Plan::Try(open));
}

#[test]
fn policy_parses_and_prints_in_one_form() {
    for (text, requests, seconds) in
        [("10/10s", 10, 10), ("1/1s", 1, 1), ("1000000/86400s", 1_000_000, 86_400)]
    {
        let limit = limit(text);
        assert_eq!(
            (limit.requests(), limit.window_seconds(), limit.to_string().as_str()),
            (requests, seconds, text)
        );
    }
}

#[test]
fn policy_of_another_form_is_refused() {
    for text in [
        "",
        "10",
        "10/",
        "/10s",
        "10/s",
        "10/10",
        "10/10m",
        "10/10S",
        "10/10ss",
        "10/10s/10s",
        "10 / 10s",
        "1.5/10s",
        "-1/10s",
        "10/-1s",
        "0/10s",
        "10/0s",
        "1000001/10s",
        "10/86401s",
        "18446744073709551616/1s",
        "ten/10s",
    ] {
        assert!(text.parse::<RateLimitPolicy>().is_err(), "{text:?}");
    }
}

#[test]
fn largest_policy_computes_without_overflow() {
    let (limit, now) = (limit("1000000/86400s"), 253_402_300_799_999);
    let full = Counter { window: now / 86_400_000, current: 1_000_000, previous: 1_000_000 };
    assert!(retry_after(limit, full, now).is_some());
    assert_eq!(limit.status(full, now).remaining, 0);
}

proptest! {
    #[test]
    fn any_counter_computes_without_overflow(
        window in prop_oneof![any::<u64>(), WINDOW - 3..WINDOW + 3, Just(u64::MAX)],
        current: u64, previous: u64, elapsed in 0..30_000_u64,
    ) {
        let (limit, now) = (limit("10/10s"), START + elapsed);
        let held = Counter { window, current, previous };
        prop_assert!(!matches!(limit.plan(Some(held), now), Plan::Reject(rejection) if rejection.retry_after > 30));
    }

    #[test]
    fn exactly_the_remaining_requests_would_pass(
        requests in 1..20_u64, current in 0..25_u64, previous in 0..25_u64, elapsed in 0..10_000_u64,
    ) {
        let (limit, now) = (limit(&format!("{requests}/10s")), START + elapsed);
        let remaining = limit.status(counter(current, previous), now).remaining;
        for more in 0..remaining {
            prop_assert!(passes(limit, counter(current + more, previous), now));
        }
        prop_assert!(!passes(limit, counter(current + remaining, previous), now));
    }

    #[test]
    fn expired_counter_changes_no_decision(
        window in 1..20_u64, current in 0..25_u64, previous in 0..25_u64, skew in -10_000..10_000_i64, later in 0..60_000_u64,
    ) {
        let limit = limit(&format!("10/{window}s"));
        let counter = Counter { window: START / (window * 1_000), current, previous };
        let now = (limit.expiry(counter.window) * 1_000 + later).saturating_add_signed(skew);
        prop_assert_eq!(limit.plan(Some(counter), now), limit.plan(None, now));
    }
}
