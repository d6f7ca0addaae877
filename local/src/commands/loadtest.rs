//! `local loadtest`: runs a mixed workload against a separate stack, reconciles the responses with the stored data, and
//! prints a report.

mod history;
mod memory;
mod operation;
mod reconciliation;
mod report;
mod resource;
mod stored;
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

/// Limits of the load: it ends at the first one that is reached.
struct Budget {
    watch: Stopwatch,
    duration: Duration,
    requests: AtomicU64,
}

impl Budget {
    fn new(load: &Loadtest) -> Self {
        let (duration, requests) = (Duration::from_secs(load.seconds), load.requests.into());
        Self { watch: Stopwatch::start(), duration, requests }
    }

    /// Takes a request from the budget. Returns `true` if it is not spent.
    fn take(&self) -> bool {
        let taken =
            self.requests.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        taken.is_ok() && self.watch.elapsed() < self.duration
    }
}

/// Runs the load test. Fails if a response is unexpected, or a resource is lost, duplicated or back after
/// its deletion.
pub(crate) async fn loadtest(arguments: Loadtest) -> Result<ExitCode> {
    let target = Target::start(&arguments).await?;
    let history = Arc::new(History::default());
    let workload = Arc::new(Workload::prepare(&target, arguments.connections.into(), &history).await?);
    terminal::say(&format!("load-testing {}", target.url));
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
    terminal::say("reconciling");
    let findings = reconciliation::findings(&target, &workload, &history).await?;
    let report = Report { connections: arguments.connections, elapsed, tally, memory, findings };
    write!(std::io::stdout(), "{report}")?;
    if !report.passes() {
        target.failures().iter().for_each(|line| terminal::say(line));
    }
    target.stop().await;
    Ok(if report.passes() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
