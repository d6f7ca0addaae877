//! Cost of counting: calls, each of which is a write, for a request that passes.

use fastrand::Rng;

use super::model::{Request, Step, Store};

/// Start of a window, in milliseconds.
const START: u64 = 1_700_000_040_000;

/// Returns hundredths of calls for a request, when a caller of this many windows sends `requests` in each, evenly, and each
/// comes to a random one of the environments.
fn cost(environments: usize, windows: u64, requests: u64) -> u64 {
    let (limit, mut rng) = ("10/10s".parse().unwrap(), Rng::with_seed(1));
    let (mut store, mut caches, mut calls) = (Store::default(), vec![None; environments], 0);
    for turn in 0..windows * requests {
        let cache = &mut caches[rng.usize(..environments)];
        let mut request = Request::new(*cache, START + turn * 10_000 / requests);
        let passed = matches!(request.finish(limit, &mut store), Step::Passed(_));
        assert!(passed, "{turn}");
        *cache = request.cached;
        calls += request.calls;
    }
    100 * u64::try_from(calls).unwrap() / (windows * requests)
}

#[test]
fn steady_caller_costs_one_or_two_writes() {
    // docs/DEPLOY.md has these figures.
    let environments = [1, 2, 5, 10, 20, 100, 1_000];
    assert_eq!(environments.map(|number| cost(number, 1_000, 8)), [100, 112, 141, 164, 180, 195, 199]);
}

#[test]
fn idle_caller_costs_less() {
    // A burst of five after an idle time. Its first request needs one write in any environment.
    assert_eq!([1, 5, 10, 1_000].map(|number| cost(number, 1, 5)), [100, 160, 180, 180]);
}
