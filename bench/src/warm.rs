//! What a request costs an environment that has served some: time, CPU, memory. What must stay out: its start.

use anyhow::{Context, Result};

use crate::cold::{count, milliseconds};
use crate::environment::Environment;
use crate::fixture::{Fixture, Network};
use crate::process::{cpu, peak_memory};
use crate::series::{Samples, Unit};
use crate::target::{LARGE, Target, Workload};

/// How many requests an environment has served before anything is measured.
const BEFORE: usize = 20;
/// How often memory is measured. It hardly varies.
const MEMORY_RUNS: usize = 5;

/// How many requests are worth one look at the CPU time.
fn batch(workload: Workload) -> usize {
    if workload == Workload::Upload(LARGE) { 4 } else { 20 }
}

/// Measures requests to one environment of every executable, `rounds` times some of each kind, in turns.
///
/// # Errors
/// When an executable does not start or answer.
pub(crate) async fn requests(
    fixture: &Fixture,
    targets: &[Target],
    rounds: usize,
    tls: bool,
    samples: &mut Samples,
) -> Result<()> {
    let (way, suffix) = (fixture.way(tls).await?, if tls { ", TLS" } else { "" });
    let reach = if tls { Network::By(&way) } else { Network::Direct };
    let mut environments = Vec::new();
    for target in targets {
        let mut environment = Environment::start(&fixture.launch(target, &reach)?).await?;
        for _ in 0..BEFORE {
            fixture.ask(&mut environment, target.workloads[0]).await?;
        }
        environments.push((target, environment));
    }
    for _ in 0..rounds {
        for (target, environment) in &mut environments {
            for workload in &target.workloads {
                let label = format!("warm {}{suffix}", workload.label());
                some(fixture, target, environment, (*workload, &label), samples)
                    .await
                    .with_context(|| target.name.clone())?;
            }
        }
        // Another begins each round, so that none always follows the same.
        environments.rotate_left(1);
    }
    Ok(())
}

async fn some(
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
        let took = fixture.ask(environment, workload).await?.took;
        samples.note(&format!("{label}: time"), Unit::Milliseconds, &target.name, milliseconds(took));
    }
    environment.settle().await;
    let each = milliseconds(cpu(process)?.saturating_sub(before)) / count(requests);
    samples.note(&format!("{label}: CPU time"), Unit::Milliseconds, &target.name, each);
    Ok(())
}

/// Measures the peak of memory after init, after some requests, and what large uploads add: over TLS, as on Lambda.
///
/// # Errors
/// When an executable does not start or answer.
pub(crate) async fn memory(fixture: &Fixture, targets: &[Target], samples: &mut Samples) -> Result<()> {
    let way = fixture.way(true).await?;
    for _ in 0..MEMORY_RUNS {
        for target in targets {
            let mut note =
                |measure: &str, sample| samples.note(measure, Unit::Kibibytes, &target.name, sample);
            let mut environment = Environment::start(&fixture.launch(target, &Network::By(&way))?).await?;
            note("peak memory after init", peak_memory(environment.process()?)?);
            for _ in 0..BEFORE {
                fixture.ask(&mut environment, target.workloads[0]).await?;
            }
            let before = peak_memory(environment.process()?)?;
            note("peak memory after 20 requests", before);
            if target.workloads.contains(&Workload::Upload(LARGE)) {
                fixture.ask(&mut environment, Workload::Upload(LARGE)).await?;
                note(
                    "peak memory that the first upload of 4 MiB adds",
                    peak_memory(environment.process()?)? - before,
                );
                for _ in 0..3 {
                    fixture.ask(&mut environment, Workload::Upload(LARGE)).await?;
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
