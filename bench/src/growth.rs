//! Cost of a request as the tables grow.

use anyhow::{Context, Result, ensure};

use crate::cold::{count, milliseconds};
use crate::environment::Environment;
use crate::event::Request;
use crate::fixture::{Fixture, Network};
use crate::process::{cpu, peak_memory};
use crate::round_trips::RoundTrips;
use crate::seeds::{counters, projects};
use crate::series::{Samples, Unit};
use crate::target::{LIST, Target};

/// Numbers of projects and of counters.
const SIZES: [usize; 3] = [10, 1_000, 100_000];
/// Number of requests in one measurement of CPU time.
const BATCH: usize = 20;
/// Number of callers: more than an execution environment caches.
const CALLERS: usize = 5_000;

/// Measures pages and counters in small and large tables, in `rounds` batches.
///
/// # Errors
/// An emulator fails, or a request does not succeed.
pub(crate) async fn growth(
    fixture: &Fixture,
    targets: &[Target],
    rounds: usize,
    samples: &mut Samples,
) -> Result<()> {
    let list = targets.iter().find(|target| target.name == LIST).context("list-projects is not measured")?;
    pages(fixture, list, rounds, samples).await?;
    capacity(fixture, targets, samples).await?;
    callers(fixture, list, rounds, samples).await?;
    crowd(fixture, list, samples).await
}

/// Returns the id of the organization with `size` projects.
fn organization(size: usize) -> String {
    format!("of-{size}")
}

async fn pages(fixture: &Fixture, list: &Target, rounds: usize, samples: &mut Samples) -> Result<()> {
    for size in SIZES {
        projects(fixture, &organization(size), size).await?;
    }
    let mut environment = Environment::start(&fixture.launch(list, &Network::Direct)?).await?;
    for _ in 0..rounds {
        for size in SIZES {
            let organization = organization(size);
            let token = fixture.stack.token("growth", &[&organization])?;
            // The number of the smallest, so that all pages have the same size.
            let request = Request::list(&organization, "limit=10").token(&token);
            let case = format!("{size} projects");
            batch(&mut environment, "page of 10", &case, samples, |_| Ok(request.clone())).await?;
        }
    }
    environment.stop().await
}

async fn capacity(fixture: &Fixture, targets: &[Target], samples: &mut Samples) -> Result<()> {
    let mut round_trips = RoundTrips::new(fixture, targets, samples);
    let mut environment = round_trips.start(LIST, &[]).await?;
    for size in SIZES {
        let organization = organization(size);
        // A new caller.
        let token = fixture.stack.token(&format!("growth of {size}"), &[&organization])?;
        let request = Request::list(&organization, "limit=10").token(&token);
        round_trips.note(&format!("list, 10 of {size} projects"), &mut environment, &request, 200).await?;
    }
    environment.stop().await
}

/// Measures new callers in a table with a growing number of counters.
async fn callers(fixture: &Fixture, list: &Target, rounds: usize, samples: &mut Samples) -> Result<()> {
    let mut existing = 0;
    for size in SIZES {
        counters(fixture, size - existing).await?;
        existing = size;
        let mut environment = Environment::start(&fixture.launch(list, &Network::Direct)?).await?;
        for index in 0..BATCH {
            environment.invoke(new_caller(fixture, &format!("before-{size}-{index}"))?.event()).await?;
        }
        let case = format!("{size} counters");
        for round in 0..rounds {
            let new = |index| new_caller(fixture, &format!("new-{size}-{round}-{index}"));
            batch(&mut environment, "new callers", &case, samples, new).await?;
        }
        environment.stop().await?;
    }
    Ok(())
}

/// Measures one execution environment with more callers than it caches.
async fn crowd(fixture: &Fixture, list: &Target, samples: &mut Samples) -> Result<()> {
    let mut environment = Environment::start(&fixture.launch(list, &Network::Direct)?).await?;
    for first in (0..CALLERS).step_by(BATCH) {
        let case = format!("{} to {} callers before", first / 1000 * 1000, first / 1000 * 1000 + 999);
        let new = |index| new_caller(fixture, &format!("crowd-{first}-{index}"));
        batch(&mut environment, "one environment", &case, samples, new).await?;
        if first + BATCH == 1000 || first + BATCH == CALLERS {
            let memory = peak_memory(environment.process()?)?;
            let case = format!("{} callers", first + BATCH);
            samples.note("growth, one environment: peak memory", Unit::Kibibytes, &case, memory);
        }
    }
    environment.stop().await
}

fn new_caller(fixture: &Fixture, user: &str) -> Result<Request> {
    Ok(Request::list("nothing", "").token(&fixture.stack.token(user, &["nothing"])?))
}

async fn batch(
    environment: &mut Environment,
    measure: &str,
    case: &str,
    samples: &mut Samples,
    request: impl Fn(usize) -> Result<Request>,
) -> Result<()> {
    environment.settle().await;
    let before = cpu(environment.process()?)?;
    for index in 0..BATCH {
        let response = environment.invoke(request(index)?.event()).await?;
        ensure!(response.status == 200, "{case} returned {response:?}");
        let measure = format!("growth, {measure}: time");
        samples.note(&measure, Unit::Milliseconds, case, milliseconds(response.took));
    }
    environment.settle().await;
    let each = milliseconds(cpu(environment.process()?)?.saturating_sub(before)) / count(BATCH);
    samples.note(&format!("growth, {measure}: CPU time"), Unit::Milliseconds, case, each);
    Ok(())
}
