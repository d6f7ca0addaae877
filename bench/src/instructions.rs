//! Instructions, counted by Valgrind: a measure without noise.

use std::fs;
use std::process::Stdio;

use anyhow::{Context, Result};
use local::terminal;
use tempfile::NamedTempFile;
use tokio::process::Command;

use crate::cold::count;
use crate::environment::Environment;
use crate::fixture::{Fixture, Network};
use crate::series::{Samples, Unit};
use crate::target::{LARGE, Target, Workload};

/// Number of counted inits.
const INITS: usize = 3;
/// Number of requests before the counted ones, because the first ones open connections.
const BEFORE: usize = 5;

/// Returns `true` if Valgrind is installed, and prints a line if it is not.
pub(crate) async fn can_count() -> bool {
    let mut version = Command::new("valgrind");
    version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    let found = version.status().await.is_ok_and(|status| status.success());
    if !found {
        terminal::say("SKIPPED: instructions are not counted, because valgrind is not installed");
    }
    found
}

/// Counts the instructions of each target: until it waits for its first event with open connections, until its first
/// response over TLS, and, unless `only_init`, of a warm request. If only the example of a function is measured, `only_init`
/// means one init and nothing else.
///
/// # Errors
/// An executable does not run under Valgrind.
pub(crate) async fn instructions(
    fixture: &Fixture,
    targets: &[Target],
    only_init: bool,
    samples: &mut Samples,
) -> Result<()> {
    let proxies = fixture.proxies(true).await?;
    for target in targets.iter().filter(|target| target.is_machine_code()) {
        let mut note =
            |measure: &str, sample| samples.note(measure, Unit::MegaInstructions, &target.name, sample);
        let is_brief = only_init && target.has_only_example();
        let inits = if is_brief { 1 } else { INITS };
        for _ in 0..inits {
            note(
                "init and connecting: instructions",
                counted(fixture, target, &Network::Direct, None).await?,
            );
            if is_brief {
                continue;
            }
            let once = target.workloads.first().map(|workload| (*workload, 1));
            note(
                "to the first response, TLS: instructions",
                counted(fixture, target, &Network::Counted(&proxies), once).await?,
            );
        }
        let workloads = target.workloads.iter().filter(|_| !only_init && !target.has_only_example());
        for workload in workloads {
            let requests = if *workload == Workload::Upload(LARGE) { 2 } else { 20 };
            let few = counted(fixture, target, &Network::Direct, Some((*workload, BEFORE))).await?;
            let many =
                counted(fixture, target, &Network::Direct, Some((*workload, BEFORE + requests))).await?;
            note(&format!("warm {}: instructions", workload.label()), (many - few) / count(requests));
        }
    }
    Ok(())
}

/// Returns the millions of instructions of a process from its start until it is idle after the workload.
async fn counted(
    fixture: &Fixture,
    target: &Target,
    network: &Network<'_>,
    workloads: Option<(Workload, usize)>,
) -> Result<f64> {
    let log = NamedTempFile::new().context("can't create a file")?;
    let mut launch = fixture.launch(target, network)?;
    let file = format!("--log-file={}", log.path().display());
    launch.runner =
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", &file].map(str::to_owned).into();
    let mut environment = Environment::start(&launch).await?;
    for workload in workloads.into_iter().flat_map(|(workload, times)| std::iter::repeat_n(workload, times)) {
        fixture.invoke(&mut environment, &target.function, workload).await?;
    }
    environment.idle().await?;
    environment.terminate().await?;
    let text = fs::read_to_string(log.path()).context("can't read Valgrind's log")?;
    let number = text.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse::<f64>().ok());
    Ok(number.with_context(|| format!("Valgrind counted nothing: {text}"))? / 1_000_000.0)
}
