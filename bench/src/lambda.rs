//! Starts, requests and costs under the CPU that Lambda gives: a whole core during init, and from the first event on the
//! memory's share of one. The emulators are at the distance of a region's services.

mod cost;
mod pace;

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use cost::{billed, dollars};
use local::terminal;
use pace::{Pace, Timing, paced};
use testing::for_each_concurrent;

use crate::cold::{count, in_turns, milliseconds};
use crate::environment::{Environment, Response};
use crate::fixture::{Fixture, Network, Proxies};
use crate::quota::CpuQuota;
use crate::series::{Samples, Unit};
use crate::target::Target;

/// Measured memory sizes, in MB. The last one gets a whole core.
pub(crate) const SIZES: [usize; 5] = [128, 256, 512, 1024, 1769];

/// Names of measures that have thresholds.
pub(crate) const START: &str = "Lambda: start to first response";
pub(crate) const SET_UP: &str = "Lambda: setting up a connection";
pub(crate) const DISTANCE: &str = "Lambda: round trip to DynamoDB";

/// Number of starts of a function of which only the example is measured, because preparing one takes long.
const EXAMPLES: usize = 10;
/// Number of requests that an environment serves before it is measured.
const BEFORE: usize = 5;
/// Paces. At the first one, each request finds a fresh period of the quota.
const SLOW: Pace = Pace { name: "1/s", interval: Duration::from_secs(1), requests: 20 };
const FAST: Pace = Pace { name: "20/s", interval: Duration::from_millis(50), requests: 100 };
const FAST_EXAMPLES: Pace = Pace { requests: 40, ..FAST };

/// Target with a memory size.
#[derive(Clone, Copy)]
struct Case<'t> {
    target: &'t Target,
    memory: usize,
}

/// Measures targets at all sizes, each started `runs` times.
///
/// # Errors
/// An executable does not start or respond.
pub(crate) async fn lambda(
    fixture: &Fixture,
    targets: &[Target],
    runs: usize,
    distances: [Duration; 2],
    samples: &mut Samples,
) -> Result<()> {
    if let Err(error) = CpuQuota::create(SIZES[0]) {
        terminal::say(&format!("SKIPPED: requests under Lambda's CPU: {error:#}"));
        return Ok(());
    }
    let proxies = fixture.distant_proxies(distances).await?;
    samples.note(DISTANCE, Unit::Milliseconds, "all", milliseconds(distances[0]));
    for run in 0..runs {
        for target in in_turns(targets, run).filter(|target| run < EXAMPLES || !target.has_only_example()) {
            for case in Case::all(target) {
                case.start(fixture, &proxies, samples).await?;
            }
        }
    }
    let (examples, detailed): (Vec<_>, Vec<_>) =
        targets.iter().flat_map(Case::all).partition(|case| case.target.has_only_example());
    let mut environments = warm(fixture, &proxies, &detailed).await?;
    slow(fixture, &mut environments, samples).await?;
    fast(fixture, environments, FAST, samples).await?;
    fast(fixture, warm(fixture, &proxies, &examples).await?, FAST_EXAMPLES, samples).await
}

/// Starts environments that have responded to some requests.
async fn warm<'t>(
    fixture: &Fixture,
    proxies: &Proxies,
    cases: &[Case<'t>],
) -> Result<Vec<(Case<'t>, Environment)>> {
    let mut environments = Vec::new();
    for case in cases {
        let (mut environment, _) = case.launch(fixture, proxies).await?;
        for (event, status) in case.events(fixture, BEFORE).await? {
            environment.invoke(event).await?.checked(status)?;
        }
        environments.push((*case, environment));
    }
    Ok(environments)
}

/// Measures requests at the slow pace, to all environments concurrently. They hardly ever meet.
async fn slow(
    fixture: &Fixture,
    environments: &mut [(Case<'_>, Environment)],
    samples: &mut Samples,
) -> Result<()> {
    let number = u32::try_from(environments.len())?.max(1);
    let mut slots = Vec::new();
    for (index, (case, environment)) in (0..).zip(environments) {
        let events = case.events(fixture, SLOW.requests).await?;
        slots.push((*case, environment, SLOW.interval * index / number, events, Vec::new()));
    }
    let limit = slots.len();
    for_each_concurrent(limit, &mut slots, async |(case, environment, offset, events, timings)| {
        let sent = paced(environment, SLOW, *offset, std::mem::take(events)).await;
        *timings = sent.with_context(|| case.to_string())?;
        Ok(())
    })
    .await?;
    for (case, .., timings) in slots {
        case.note_requests(SLOW, &timings, samples);
    }
    Ok(())
}

/// Measures requests at a fast pace, to one environment after the other, and ends them.
async fn fast(
    fixture: &Fixture,
    environments: Vec<(Case<'_>, Environment)>,
    pace: Pace,
    samples: &mut Samples,
) -> Result<()> {
    for (case, mut environment) in environments {
        let events = case.events(fixture, pace.requests).await?;
        let timings = paced(&mut environment, pace, Duration::ZERO, events).await;
        case.note_requests(pace, &timings.with_context(|| case.to_string())?, samples);
        environment.stop().await?;
    }
    Ok(())
}

impl<'t> Case<'t> {
    fn all(target: &'t Target) -> [Self; SIZES.len()] {
        SIZES.map(|memory| Self { target, memory })
    }

    /// Starts an environment. Its first request waits for it.
    async fn launch(self, fixture: &Fixture, proxies: &Proxies) -> Result<(Environment, Response)> {
        let quota = CpuQuota::create(self.memory)?;
        let mut launch = fixture.launch(self.target, &Network::Counted(proxies))?;
        launch.variables.insert("AWS_LAMBDA_FUNCTION_MEMORY_SIZE".to_owned(), self.memory.to_string());
        let (event, status) = self.event(fixture).await?;
        let started = Environment::start_under(quota, &launch, event).await;
        let (environment, response) = started.with_context(|| self.to_string())?;
        Ok((environment, response.checked(status)?))
    }

    async fn event(self, fixture: &Fixture) -> Result<(Bytes, u64)> {
        let workload = *self.target.workloads.first().context("the target has no workload")?;
        fixture.event(&self.target.function, workload).await
    }

    async fn events(self, fixture: &Fixture, number: usize) -> Result<Vec<(Bytes, u64)>> {
        let mut events = Vec::with_capacity(number);
        for _ in 0..number {
            events.push(self.event(fixture).await?);
        }
        Ok(events)
    }

    /// Measures a start.
    async fn start(self, fixture: &Fixture, proxies: &Proxies, samples: &mut Samples) -> Result<()> {
        let earlier = proxies.set_ups().len();
        let (environment, response) = self.launch(fixture, proxies).await?;
        let mut note = |measure: &str, sample| {
            samples.note(measure, Unit::Milliseconds, &self.to_string(), sample);
        };
        note("Lambda: init", milliseconds(environment.init));
        note("Lambda: first request", milliseconds(response.took));
        note(START, milliseconds(environment.init + response.took));
        note("Lambda: start and first request, billed", billed(environment.init + response.busy));
        for time in proxies.set_ups().iter().skip(earlier) {
            note(SET_UP, milliseconds(*time));
        }
        environment.stop().await
    }

    fn note_requests(self, pace: Pace, timings: &[Timing], samples: &mut Samples) {
        let (case, prefix) = (self.to_string(), format!("Lambda, {}", pace.name));
        let mut sum = 0.0;
        for Timing { time, busy } in timings {
            samples.note(&format!("{prefix}: time"), Unit::Milliseconds, &case, milliseconds(*time));
            samples.note(&format!("{prefix}: billed"), Unit::Milliseconds, &case, billed(*busy));
            sum += billed(*busy);
        }
        let million = dollars(self.memory, sum / count(timings.len()));
        samples.note(&format!("{prefix}: a million requests"), Unit::Dollars, &case, million);
    }
}

impl Display for Case<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", case(&self.target.name, self.memory))
    }
}

/// Returns the name of a target with a memory size in reports.
pub(crate) fn case(target: &str, memory: usize) -> String {
    format!("{target}, {memory} MB")
}
