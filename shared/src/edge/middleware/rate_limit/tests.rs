//! Limiters over a real table, at times that the tests choose. Each stands for one execution environment and its cache.

mod arrivals;
mod cache;
mod clocks;
mod outages;

use std::path::PathBuf;

use anyhow::Result;
use local::stack::{Binaries, Options, Stack};
use testing::{external, workspace};

use super::*;
use crate::domain::rate_limit::RateLimitStatus;

/// Start of a window of every length up to a minute, in milliseconds. It lies in the future, so that no emulator's clock
/// finds a counter expired.
const START: u64 = 4_102_444_800_000;

/// Table of the counters.
struct Table {
    stack: Stack,
    aws: Aws,
}

impl Table {
    async fn start() -> Result<Self> {
        // No function runs here.
        let binaries = Binaries::Dir(PathBuf::new());
        let options = Options { binaries, ..external(Options::new(workspace().join("template.yaml"))) };
        let stack = Stack::start(options).await?;
        Ok(Self { aws: Aws::for_endpoint(stack.dynamodb_endpoint()), stack })
    }

    /// Returns the limiter of a new environment. It fails closed, so that an unavailable table fails the test.
    fn limiter(&self, limit: RateLimitPolicy) -> Limiter {
        let table = RateLimitTable::new(&self.aws, self.stack.table("RateLimitTable").to_owned());
        Limiter {
            callers: limit,
            organizations: None,
            failure_mode: FailureMode::Closed,
            timeout: Duration::from_secs(4),
            route: "route".to_owned(),
            table,
            cache: Mutex::default(),
            breaker: Mutex::default(),
        }
    }

    fn ten_in_ten_seconds(&self) -> Limiter {
        self.limiter("10/10s".parse().unwrap())
    }
}

/// Counts a request. Returns the status, or the seconds to wait.
async fn count(limiter: &Limiter, caller: &str, now: u64) -> Result<Result<RateLimitStatus, u64>> {
    let cached = limiter.check_cached(Limit::Caller, caller, now);
    let response = limiter.check(caller, async { None }, now).await;
    // A rejection from the cache equals that of the table.
    assert!(cached.is_ok() || response.is_err());
    match response {
        Ok(counted) => Ok(Ok(counted.expect("the table is available").status)),
        Err(Error::RateLimited(_, rejection)) => Ok(Err(rejection.retry_after)),
        Err(other) => Err(other.into()),
    }
}

/// Sends requests until one is rejected. Returns the number that passed and the seconds to wait.
async fn burst(limiter: &Limiter, caller: &str, now: u64) -> Result<(u64, u64)> {
    let mut passed = 0;
    loop {
        match count(limiter, caller, now).await? {
            Ok(_) => passed += 1,
            Err(seconds) => return Ok((passed, seconds)),
        }
    }
}
