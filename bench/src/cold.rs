//! What a fresh environment costs: size, start, and the first request. What must stay out: what comes later, and memory.

use crate::environment::Environment;
use crate::process::page_faults;
use crate::series::{Book, Unit};
use crate::stage::{Reach, Stage, Way};
use crate::subject::Subject;
use anyhow::{Context, Result};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// The level of compression that `zip` has, too.
const LEVEL: u8 = 6;

/// The bytes that are deployed: of machine code the executable itself, of a script what lies beside it.
fn deployed(subject: &Subject) -> Result<Vec<PathBuf>> {
    if subject.is_machine_code() {
        return Ok(vec![subject.executable.clone()]);
    }
    let folder = subject.executable.parent().context("an executable is in a folder")?;
    let bundles = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(bundles
        .filter(|file| file.extension().is_some_and(|kind| ["cjs", "js", "mjs"].iter().any(|it| kind == *it)))
        .collect())
}

/// Notes sizes, as they are and compressed.
///
/// # Errors
/// When an executable can't be read.
pub(crate) fn sizes(subjects: &[Subject], book: &mut Book) -> Result<()> {
    for subject in subjects {
        let (mut plain, mut zipped) = (0, 0);
        for file in deployed(subject)? {
            let bytes = fs::read(&file).with_context(|| format!("can't read {}", file.display()))?;
            plain += bytes.len();
            zipped += miniz_oxide::deflate::compress_to_vec(&bytes, LEVEL).len();
        }
        book.note("size", Unit::Kibibytes, &subject.name, kib(plain));
        book.note("size, zipped", Unit::Kibibytes, &subject.name, kib(zipped));
    }
    Ok(())
}

/// Starts every executable `runs` times, in turns, so that whatever changes on the machine meanwhile meets all alike.
///
/// # Errors
/// When one does not start or answer.
pub(crate) async fn starts(
    stage: &Stage,
    subjects: &[Subject],
    runs: usize,
    tls: bool,
    book: &mut Book,
) -> Result<()> {
    let way = stage.way(tls).await?;
    for run in 0..runs {
        for subject in in_turns(subjects, run) {
            start(stage, subject, &way, tls, book).await.with_context(|| subject.name.clone())?;
        }
    }
    Ok(())
}

/// All of them, each round beginning with another, so that none always follows the same.
fn in_turns<T>(all: &[T], round: usize) -> impl Iterator<Item = &T> {
    all.iter().cycle().skip(round % all.len().max(1)).take(all.len())
}

async fn start(stage: &Stage, subject: &Subject, way: &Way, tls: bool, book: &mut Book) -> Result<()> {
    let suffix = if tls { ", TLS" } else { "" };
    let launch = stage.launch(subject, &Reach::By(way))?;
    let (before, set_up) = (way.opened(), way.set_ups().len());
    let mut environment = Environment::start(&launch).await?;
    let early = way.opened() - before;
    let mut note =
        |measure: &str, unit, sample| book.note(&format!("{measure}{suffix}"), unit, &subject.name, sample);
    note("init: from spawn to the first /next", Unit::Milliseconds, milliseconds(environment.init));
    let init_faults = page_faults(environment.process()?)?;
    note("init: page faults", Unit::Count, init_faults);
    let Some(work) = subject.works.first().copied() else { return Ok(()) };
    let first = stage.ask(&mut environment, work).await?.took;
    let late = way.opened() - before - early;
    note("first request: page faults", Unit::Count, page_faults(environment.process()?)? - init_faults);
    let second = stage.ask(&mut environment, work).await?.took;
    note("first request", Unit::Milliseconds, milliseconds(first));
    note("second request", Unit::Milliseconds, milliseconds(second));
    note("connections opened during init", Unit::Count, count(early));
    note("connections opened by the first request", Unit::Count, count(late));
    // Without TLS it is nothing that could be seen.
    for time in way.set_ups().iter().skip(set_up).filter(|_| tls) {
        note("setting up a connection", Unit::Milliseconds, milliseconds(*time));
    }
    environment.stop().await
}

/// A time in milliseconds.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Bytes in KiB.
pub(crate) fn kib(bytes: usize) -> f64 {
    count(bytes) / 1024.0
}

/// A count as a sample.
#[expect(clippy::cast_precision_loss, reason = "no count here is anywhere near 2^52")]
pub(crate) fn count(number: usize) -> f64 {
    number as f64
}
