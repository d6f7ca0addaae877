//! Costs as tables, projects and organizations grow.

mod callers;
mod deletion;
mod limiter;
mod rows;
mod tenant;

pub(crate) use limiter::WRITES;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use local::example::{Example, Values};
use testing::CallTiming;

use crate::cold::{count, milliseconds};
use crate::environment::{Environment, Launch};
use crate::fixture::{Fixture, Network};
use crate::process::cpu;
use crate::round_trips::Spent;
use crate::series::{Samples, Unit};
use crate::target::{SMALL, Target, UPLOAD, Workload};

/// Beginning of the measures of growth. Each has a series for each size, in ascending order.
pub(crate) const GROWTH: &str = "growth, ";
/// Numbers of rows beside a request.
const SIZES: [usize; 3] = [10, 1_000, 100_000];
/// Number of requests in one measurement of CPU time.
const BATCH: usize = 20;

/// Measures requests beside many rows and callers, in `rounds` batches, and the work for many files and rows.
///
/// # Errors
/// An emulator fails, or a request does not succeed.
pub(crate) async fn growth(
    fixture: &Fixture,
    targets: &[Target],
    rounds: usize,
    samples: &mut Samples,
) -> Result<()> {
    // The model of all other files.
    let mut uploader = start(fixture, targets, UPLOAD, &Network::Direct).await?;
    fixture.invoke(&mut uploader, UPLOAD, Workload::Upload(SMALL)).await?;
    uploader.stop().await?;
    tenant::tenant(targets, samples).await?;
    limiter::limiter(fixture, targets, samples).await?;
    deletion::deletion(fixture, targets, samples).await?;
    rows::requests(fixture, targets, rounds, samples).await?;
    callers::callers(fixture, targets, rounds, samples).await?;
    callers::crowd(fixture, targets, samples).await
}

/// Returns the launch of a function.
fn launch(fixture: &Fixture, targets: &[Target], function: &str, network: &Network<'_>) -> Result<Launch> {
    let target = targets.iter().find(|target| target.name == function);
    fixture.launch(target.with_context(|| format!("{function} is not measured"))?, network)
}

async fn start(
    fixture: &Fixture,
    targets: &[Target],
    function: &str,
    network: &Network<'_>,
) -> Result<Environment> {
    Environment::start(&launch(fixture, targets, function, network)?).await
}

/// Kind of request, and the status of its success.
#[derive(Debug)]
struct Kind<'k> {
    function: &'k str,
    query: &'k str,
    status: u64,
}

impl Kind<'_> {
    /// Returns the event of the function's example, with these values of its placeholders.
    fn event(&self, fixture: &Fixture, values: &[(&str, &str)]) -> Result<Bytes> {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let values: Values = values.collect();
        let example = Example::load(fixture.stack.template(), self.function)?;
        let mut request = example.request(&values, &format!(" {}", fixture.number()))?;
        self.query.clone_into(&mut request.query);
        let organization = values.get("orgId").context("a request is about an organization")?;
        let token = fixture.stack.token_with_roles("growth", &[organization], &example.roles)?;
        Ok(request.event(&token)?.into())
    }
}

/// Place of samples: a measure without its last word, and a size.
#[derive(Debug, Clone, Copy)]
struct Case<'c> {
    measure: &'c str,
    size: &'c str,
}

impl Case<'_> {
    fn note(&self, samples: &mut Samples, what: &str, unit: Unit, sample: f64) {
        samples.note(&format!("{GROWTH}{}: {what}", self.measure), unit, self.size, sample);
    }

    /// Adds the calls and capacity units of each of so many requests or rows.
    fn note_spent(&self, samples: &mut Samples, calls: &[CallTiming], each: usize) {
        let (Spent { calls, reads, writes }, each) = (Spent::of(calls), count(each));
        self.note(samples, "calls", Unit::Times, count(calls) / each);
        self.note(samples, "read units", Unit::CapacityUnits, reads / each);
        self.note(samples, "write units", Unit::CapacityUnits, writes / each);
    }
}

/// Measures the time of requests, and the CPU time of all together.
async fn batch(
    environment: &mut Environment,
    case: Case<'_>,
    samples: &mut Samples,
    status: u64,
    event: impl Fn(usize) -> Result<Bytes>,
) -> Result<()> {
    environment.settle().await;
    let before = cpu(environment.process()?)?;
    for index in 0..BATCH {
        let response = environment.invoke(event(index)?).await?;
        ensure!(response.status == status, "{case:?} returned {response:?}");
        case.note(samples, "time", Unit::Milliseconds, milliseconds(response.took));
    }
    environment.settle().await;
    let each = milliseconds(cpu(environment.process()?)?.saturating_sub(before)) / count(BATCH);
    case.note(samples, "CPU time", Unit::Milliseconds, each);
    Ok(())
}
