//! Writes of the rate limiter for one caller, whose requests reach many environments.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Result, ensure};
use bytes::Bytes;
use fastrand::Rng;

use super::launch;
use crate::cold::count;
use crate::environment::{Environment, Launch};
use crate::event::Request;
use crate::fixture::{Fixture, Network};
use crate::round_trips::Spent;
use crate::seeds::COUNTERS;
use crate::series::{Samples, Unit};
use crate::target::{LIST, Target};

/// Measure of the writes.
pub(crate) const WRITES: &str = "writes of the limiter for a request of one caller, by environments";
/// Numbers of environments.
const FLEETS: [usize; 3] = [1, 10, 100];
/// Largest number of live processes of a fleet. Those that ended had last been used more than two windows before, and what
/// they knew of the caller is out of date then.
const LIVE: usize = 18;
/// Number of windows and of requests in each, as in `shared/src/domain/rate_limit/tests/cost.rs`.
const WINDOWS: usize = 20;
const REQUESTS: usize = 8;
const WINDOW: Duration = Duration::from_secs(1);

/// Environments of one function that get the requests of one caller.
struct Fleet {
    size: usize,
    event: Bytes,
    live: VecDeque<(usize, Environment)>,
    writes: f64,
}

/// Sends steady requests of a caller to each fleet, each to a random environment. The fleets take turns.
///
/// # Errors
/// A request does not succeed.
pub(super) async fn limiter(fixture: &Fixture, targets: &[Target], samples: &mut Samples) -> Result<()> {
    let mut launch = launch(fixture, targets, LIST, &Network::Watched)?;
    launch.variables.insert("RATE_LIMIT".to_owned(), format!("1000/{}s", WINDOW.as_secs()));
    let mut fleets = Vec::new();
    for size in FLEETS {
        let token = fixture.stack.token(&format!("fleet of {size}"), &["nothing"])?;
        let event = Request::list("nothing", "").token(&token).event();
        fleets.push(Fleet { size, event, live: VecDeque::new(), writes: 0.0 });
    }
    let mut rng = Rng::with_seed(1);
    let mut ticks = tokio::time::interval(WINDOW / u32::try_from(REQUESTS)?);
    for _ in 0..WINDOWS * REQUESTS {
        ticks.tick().await;
        for fleet in &mut fleets {
            fleet.request(fixture, &launch, rng.usize(..fleet.size)).await?;
        }
    }
    for fleet in fleets {
        let each = fleet.writes / count(WINDOWS * REQUESTS);
        samples.note(WRITES, Unit::CapacityUnits, &fleet.size.to_string(), each);
        for (_, environment) in fleet.live {
            environment.stop().await?;
        }
    }
    Ok(())
}

impl Fleet {
    /// Sends a request to the environment with this number, and adds the writes of its counter.
    async fn request(&mut self, fixture: &Fixture, launch: &Launch, number: usize) -> Result<()> {
        let mut environment = self.take(number, launch).await?;
        fixture.proxy.clear();
        let response = environment.invoke(self.event.clone()).await?;
        ensure!(response.status == 200, "{response:?}");
        self.live.push_back((number, environment));
        let mut calls = fixture.proxy.timings();
        calls.retain(|timing| timing.call.target == fixture.stack.table(COUNTERS));
        self.writes += Spent::of(&calls).writes;
        Ok(())
    }

    /// Takes an environment, which is started if it does not live. Then the one that was used first ends if they are too
    /// many.
    async fn take(&mut self, number: usize, launch: &Launch) -> Result<Environment> {
        let found = self.live.iter().position(|(live, _)| *live == number);
        if let Some((_, environment)) = found.and_then(|index| self.live.remove(index)) {
            return Ok(environment);
        }
        if self.live.len() == LIVE
            && let Some((_, oldest)) = self.live.pop_front()
        {
            oldest.stop().await?;
        }
        Environment::start(launch).await
    }
}
