//! The limiter over a real table, with the time as the tests say. Each instance stands for one of a function's, with
//! beliefs of its own.

mod arrivals;
mod cache;
mod clocks;

use std::path::PathBuf;

use anyhow::Result;
use local::stack::{Binaries, Options, Stack};
use testing::{external, workspace};

use super::*;

/// The beginning of a window of every length up to a minute, in milliseconds: no clock of an emulator is there yet, so
/// none finds a counter expired.
const START: u64 = 4_102_444_800_000;

/// The table of the counters.
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

    /// A new instance of a function with this limit. A table that can't be asked fails the test.
    fn limiter(&self, limit: RateLimitPolicy) -> Limiter {
        let table = RateLimitTable::new(&self.aws, self.stack.table("RateLimitTable").to_owned());
        let route = "route".to_owned();
        Limiter { limit, failure_mode: FailureMode::Closed, route, table, cache: Mutex::default() }
    }

    fn ten_in_ten_seconds(&self) -> Limiter {
        self.limiter("10/10s".parse().unwrap())
    }
}

/// What became of a request: what is left, or the seconds to wait.
async fn ask(limiter: &Limiter, caller: &str, now: u64) -> Result<Result<RateLimitStatus, u64>> {
    let send_concurrently = limiter.check_cached(caller, now);
    let response = limiter.check(caller, now).await;
    // A refusal that costs nothing is the one that the table would have led to.
    assert!(send_concurrently.is_ok() || response.is_err());
    match response {
        Ok(status) => Ok(Ok(status.expect("the table responds"))),
        Err(Error::RateLimited(rejection)) => Ok(Err(rejection.retry_after)),
        Err(other) => Err(other.into()),
    }
}

/// Sends requests until one is refused: how many passed, and the seconds that the refusal tells to wait.
async fn burst(limiter: &Limiter, caller: &str, now: u64) -> Result<(u64, u64)> {
    let mut passed = 0;
    loop {
        match ask(limiter, caller, now).await? {
            Ok(_) => passed += 1,
            Err(seconds) => return Ok((passed, seconds)),
        }
    }
}
