//! Cold starts: size, init, and the first request.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::environment::Environment;
use crate::fixture::{Fixture, Network, Proxies};
use crate::process::page_faults;
use crate::series::{Samples, Unit};
use crate::target::Target;

/// Compression level, the same as `zip`'s.
const LEVEL: u8 = 6;

/// Returns the deployed files: the executable itself if it is machine code, or the bundles beside a script.
fn deployed(target: &Target) -> Result<Vec<PathBuf>> {
    if target.is_machine_code() {
        return Ok(vec![target.executable.clone()]);
    }
    let folder = target.executable.parent().context("an executable is in a folder")?;
    let bundles = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(bundles
        .filter(|file| file.extension().is_some_and(|kind| ["cjs", "js", "mjs"].iter().any(|it| kind == *it)))
        .collect())
}

/// Measures sizes, plain and, unless `only_plain`, compressed, which takes a second each in a debug build.
///
/// # Errors
/// An executable can't be read.
pub(crate) fn sizes(targets: &[Target], only_plain: bool, samples: &mut Samples) -> Result<()> {
    let zipped = |bytes: &Vec<u8>| miniz_oxide::deflate::compress_to_vec(bytes, LEVEL).len();
    for target in targets {
        let read = |file: PathBuf| fs::read(&file).with_context(|| format!("can't read {}", file.display()));
        let files = deployed(target)?.into_iter().map(read).collect::<Result<Vec<_>>>()?;
        samples.note("size", Unit::Kibibytes, &target.name, kib(files.iter().map(Vec::len).sum()));
        if !only_plain {
            samples.note("size, zipped", Unit::Kibibytes, &target.name, kib(files.iter().map(zipped).sum()));
        }
    }
    Ok(())
}

/// Starts every executable `runs` times, in turns, so that changes of the machine's load affect all alike.
///
/// # Errors
/// An executable does not start or respond.
pub(crate) async fn starts(
    fixture: &Fixture,
    targets: &[Target],
    runs: usize,
    tls: bool,
    samples: &mut Samples,
) -> Result<()> {
    let proxies = fixture.proxies(tls).await?;
    for run in 0..runs {
        for target in in_turns(targets, run) {
            start(fixture, target, &proxies, tls, samples).await.with_context(|| target.name.clone())?;
        }
    }
    Ok(())
}

/// Returns all of them, each round beginning with another one, so that none always follows the same.
pub(crate) fn in_turns<T>(all: &[T], round: usize) -> impl Iterator<Item = &T> {
    all.iter().cycle().skip(round % all.len().max(1)).take(all.len())
}

async fn start(
    fixture: &Fixture,
    target: &Target,
    proxies: &Proxies,
    tls: bool,
    samples: &mut Samples,
) -> Result<()> {
    let suffix = if tls { ", TLS" } else { "" };
    let launch = fixture.launch(target, &Network::Counted(proxies))?;
    let (before, set_up) = (proxies.opened(), proxies.set_ups().len());
    let mut environment = Environment::start(&launch).await?;
    let early = proxies.opened() - before;
    let mut note =
        |measure: &str, unit, sample| samples.note(&format!("{measure}{suffix}"), unit, &target.name, sample);
    note("init: from spawn to the first /next", Unit::Milliseconds, milliseconds(environment.init));
    let init_faults = page_faults(environment.process()?)?;
    note("init: page faults", Unit::Count, init_faults);
    let Some(workload) = target.workloads.first().copied() else { return Ok(()) };
    let first = fixture.invoke(&mut environment, &target.function, workload).await?.took;
    let late = proxies.opened() - before - early;
    note("first request: page faults", Unit::Count, page_faults(environment.process()?)? - init_faults);
    let second = fixture.invoke(&mut environment, &target.function, workload).await?.took;
    note("first request", Unit::Milliseconds, milliseconds(first));
    note("second request", Unit::Milliseconds, milliseconds(second));
    note("connections opened during init", Unit::Count, count(early));
    note("connections opened by the first request", Unit::Count, count(late));
    // Without TLS, the set-up is too short to measure.
    for time in proxies.set_ups().iter().skip(set_up).filter(|_| tls) {
        note("setting up a connection", Unit::Milliseconds, milliseconds(*time));
    }
    environment.stop().await
}

/// Converts a time to milliseconds.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Converts bytes to KiB.
pub(crate) fn kib(bytes: usize) -> f64 {
    count(bytes) / 1024.0
}

/// Converts a count to a sample.
#[expect(clippy::cast_precision_loss, reason = "no count here is anywhere near 2^52")]
pub(crate) fn count(number: usize) -> f64 {
    number as f64
}
