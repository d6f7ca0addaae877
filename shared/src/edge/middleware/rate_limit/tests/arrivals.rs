//! Random and concurrent arrivals in several environments, compared with the rule of the limit.

use std::cell::Cell;

use futures_util::future::join_all;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};

use super::*;
use crate::domain::rate_limit::tests::reference::Reference;

/// Milliseconds to the next arrival, mostly in bursts and sometimes after a pause of several windows.
fn gaps() -> impl Strategy<Value = u64> {
    prop_oneof![6 => 0..300_u64, 3 => 300..2_000_u64, 1 => 2_000..12_000_u64]
}

fn limits() -> impl Strategy<Value = RateLimitPolicy> {
    (1..7_u64, 1..5_u64).prop_map(|(requests, seconds)| format!("{requests}/{seconds}s").parse().unwrap())
}

/// Compares each of a caller's requests with the rule. An index without a limiter starts a new one with an empty cache.
async fn compare(
    limiters: &[Limiter],
    caller: &str,
    arrivals: &[(u64, usize)],
    new: impl Fn() -> Limiter,
) -> TestCaseResult {
    let (mut reference, mut now) = (Reference::new(limiters[0].callers), START);
    for (gap, limiter) in arrivals {
        now += gap;
        let passes = reference.would_pass(now);
        let response = match limiters.get(*limiter) {
            Some(limiter) => count(limiter, caller, now).await,
            None => count(&new(), caller, now).await,
        };
        match response.map_err(|error| TestCaseError::fail(format!("{error:#}")))? {
            Ok(status) => {
                prop_assert!(passes, "a request passes beyond the limit");
                reference.pass(now / reference.length());
                prop_assert_eq!(status, reference.status(now));
            }
            Err(seconds) => {
                prop_assert!(!passes, "a request within the limit is rejected");
                reference.check_retry_after(now, seconds)?;
            }
        }
    }
    Ok(())
}

#[test]
fn random_arrivals_in_several_environments_follow_the_rule() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let table = runtime.block_on(Table::start())?;
    let (callers, config) =
        (Cell::new(0), Config { cases: 24, failure_persistence: None, ..Config::default() });
    let cases = (limits(), vec((gaps(), 0..4_usize), 1..60));
    TestRunner::new(config).run(&cases, |(limit, arrivals)| {
        // Each case has another caller, so that all can share the table.
        callers.set(callers.get() + 1);
        let limiters = [(); 3].map(|()| table.limiter(limit));
        let caller = format!("user#{}", callers.get());
        runtime.block_on(compare(&limiters, &caller, &arrivals, || table.limiter(limit)))
    })?;
    Ok(())
}

#[tokio::test]
async fn concurrent_requests_never_exceed_the_limit() -> Result<()> {
    let table = Table::start().await?;
    let limiters = [(); 4].map(|()| table.ten_in_ten_seconds());
    // Time, and the requests that the previous window leaves.
    for (elapsed, room) in [(0, 10), (15_000, 5), (22_000, 6), (29_999, 3), (60_000, 10)] {
        let now = START + elapsed;
        let requests = (0..40).map(|turn| count(&limiters[turn % 4], "user#alice", now));
        let responses = join_all(requests).await.into_iter().collect::<Result<Vec<_>>>()?;
        assert_eq!(responses.iter().filter(|response| response.is_ok()).count(), room, "{elapsed} ms");
    }
    Ok(())
}
