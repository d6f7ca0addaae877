//! `local loadtest`: a stack of its own under mixed traffic, and an account of what it answered.
//! What must stay out: how requests are made, noted, checked and printed, one file each.

mod history;
mod memory;
mod operation;
mod reconciliation;
mod report;
mod tally;
mod target;
mod worker;
mod workload;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use history::History;
use local::clock::Stopwatch;
use local::terminal;
use report::Report;
use tally::Tally;
use target::Target;
use worker::Worker;
use workload::Workload;

use crate::arguments::Loadtest;

/// When the load ends: whichever of the two comes first.
struct Budget {
    watch: Stopwatch,
    time: Duration,
    requests: AtomicU64,
}

impl Budget {
    fn new(load: &Loadtest) -> Self {
        let (time, requests) = (Duration::from_secs(load.seconds), load.requests.into());
        Self { watch: Stopwatch::start(), time, requests }
    }

    /// Whether there may be one more request.
    fn take(&self) -> bool {
        let left = self.requests.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        left.is_ok() && self.watch.elapsed() < self.time
    }
}

/// Fails when an answer was wrong, or something is lost or doubled.
pub(crate) async fn loadtest(arguments: Loadtest) -> Result<ExitCode> {
    let target = Target::start(&arguments).await?;
    let workload = Arc::new(Workload::prepare(&target, arguments.connections.into()).await?);
    let history = Arc::new(History::default());
    terminal::say(&format!("{} is under load", target.url));
    let memory = memory::watch(target.process);
    let budget = Arc::new(Budget::new(&arguments));
    let mut workers = tokio::task::JoinSet::new();
    for index in 0..arguments.connections.into() {
        workers
            .spawn(Worker::new(index, Arc::clone(&workload), Arc::clone(&history)).run(Arc::clone(&budget)));
    }
    let mut tally = Tally::default();
    while let Some(worker) = workers.join_next().await {
        tally.add(worker?);
    }
    let (elapsed, memory) = (budget.watch.elapsed(), memory.finish(target.process));
    terminal::say("checking what is there");
    let findings = reconciliation::findings(&target, &workload, &history).await?;
    let report = Report { connections: arguments.connections, elapsed, tally, memory, findings };
    write!(std::io::stdout(), "{report}")?;
    if !report.is_good() {
        target.complaints().iter().for_each(|line| terminal::say(line));
    }
    target.stop().await;
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
