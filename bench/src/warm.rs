//! Warm environments: time, CPU and memory of a request.

use anyhow::{Context, Result};

use crate::cold::{count, milliseconds};
use crate::environment::Environment;
use crate::fixture::{Fixture, Network};
use crate::process::{cpu, peak_memory};
use crate::series::{Samples, Unit};
use crate::target::{LARGE, Target, Workload};

/// Number of requests that an environment serves before it is measured.
const BEFORE: usize = 20;
/// Number of measurements of memory, which hardly varies. One is enough for a function of which only the example is measured.
const MEMORY_RUNS: usize = 5;

/// Returns the number of requests in one measurement of CPU time.
fn batch(workload: Workload) -> usize {
    if workload == Workload::Upload(LARGE) { 4 } else { 20 }
}

/// Measures requests to one environment of every executable, in `rounds` batches of each kind, in turns. Those of which only
/// the example is measured are left out, because preparing it takes longer than the request.
///
/// # Errors
/// An executable does not start or respond.
pub(crate) async fn requests(
    fixture: &Fixture,
    targets: &[Target],
    rounds: usize,
    tls: bool,
    samples: &mut Samples,
) -> Result<()> {
    let (proxies, suffix) = (fixture.proxies(tls).await?, if tls { ", TLS" } else { "" });
    let network = if tls { Network::Counted(&proxies) } else { Network::Direct };
    let mut environments = Vec::new();
    for target in targets.iter().filter(|target| !target.has_only_example()) {
        let mut environment = Environment::start(&fixture.launch(target, &network)?).await?;
        for _ in 0..BEFORE {
            fixture.invoke(&mut environment, &target.function, target.workloads[0]).await?;
        }
        environments.push((target, environment));
    }
    for _ in 0..rounds {
        for (target, environment) in &mut environments {
            for workload in &target.workloads {
                let label = format!("warm {}{suffix}", workload.label());
                measure_batch(fixture, target, environment, (*workload, &label), samples)
                    .await
                    .with_context(|| target.name.clone())?;
            }
        }
        // Each round begins with another, so that none always follows the same.
        environments.rotate_left(1);
    }
    Ok(())
}

async fn measure_batch(
    fixture: &Fixture,
    target: &Target,
    environment: &mut Environment,
    (workload, label): (Workload, &str),
    samples: &mut Samples,
) -> Result<()> {
    let (process, requests) = (environment.process()?, batch(workload));
    environment.settle().await;
    let before = cpu(process)?;
    for _ in 0..requests {
        let took = fixture.invoke(environment, &target.function, workload).await?.took;
        samples.note(&format!("{label}: time"), Unit::Milliseconds, &target.name, milliseconds(took));
    }
    environment.settle().await;
    let each = milliseconds(cpu(process)?.saturating_sub(before)) / count(requests);
    samples.note(&format!("{label}: CPU time"), Unit::Milliseconds, &target.name, each);
    Ok(())
}

/// Measures peak memory after init, after requests and after large uploads. It uses TLS, as on Lambda.
///
/// # Errors
/// An executable does not start or respond.
pub(crate) async fn memory(fixture: &Fixture, targets: &[Target], samples: &mut Samples) -> Result<()> {
    let proxies = fixture.proxies(true).await?;
    for run in 0..MEMORY_RUNS {
        for target in targets.iter().filter(|target| run == 0 || !target.has_only_example()) {
            let mut note =
                |measure: &str, sample| samples.note(measure, Unit::Kibibytes, &target.name, sample);
            let mut environment =
                Environment::start(&fixture.launch(target, &Network::Counted(&proxies))?).await?;
            note("peak memory after init", peak_memory(environment.process()?)?);
            for _ in 0..BEFORE {
                fixture.invoke(&mut environment, &target.function, target.workloads[0]).await?;
            }
            let before = peak_memory(environment.process()?)?;
            note("peak memory after 20 requests", before);
            if target.workloads.contains(&Workload::Upload(LARGE)) {
                fixture.invoke(&mut environment, &target.function, Workload::Upload(LARGE)).await?;
                note(
                    "peak memory that the first upload of 4 MiB adds",
                    peak_memory(environment.process()?)? - before,
                );
                for _ in 0..3 {
                    fixture.invoke(&mut environment, &target.function, Workload::Upload(LARGE)).await?;
                }
                note(
                    "peak memory that four uploads of 4 MiB add",
                    peak_memory(environment.process()?)? - before,
                );
            }
            environment.stop().await?;
        }
    }
    Ok(())
}
