//! The benchmark: what the functions cost, beside what they are compared with, on this machine.
//!
//! It runs executables as Lambda would, over the local stack's engines, and knows nothing of how they are made: like
//! `local`, it depends on none of the service's crates. What must stay out: the measures, one file each.

mod arguments;
mod bars;
mod check;
mod cold;
mod doubling;
mod environment;
mod event;
mod growth;
mod instructions;
mod machine;
mod plot;
mod process;
mod report;
mod runtime_api;
mod seeds;
mod series;
mod stage;
mod subject;
mod trips;
mod warm;

use anyhow::{Context, Result, ensure};
use arguments::{Arguments, What};
use bars::Bars;
use clap::Parser;
use local::terminal;
use machine::Machine;
use report::Report;
use serde_json::json;
use series::{Book, Series};
use stage::Stage;
use std::io::Write;
use std::process::ExitCode;
use subject::Subject;
use trips::Trips;

/// What the picture shows, in its order.
const PLOTTED: [&str; 3] = ["init: from spawn to the first /next", "first request, TLS", "warm list: time"];

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    subject::require_linux()?;
    let subjects = subject::subjects(arguments.binaries.as_deref(), arguments.check).await?;
    let machine = Machine::look();
    let counts = arguments.wants(What::Instructions) && instructions::can_count().await;
    let series = measure(&arguments, &subjects, counts).await?;
    write!(std::io::stdout(), "{machine}{}{}", Report(&series), Bars(&series))?;
    write(&arguments, &machine, &series)?;
    if arguments.check {
        check::check(&check::bounds()?, &series, counts)?;
    }
    Ok(())
}

async fn measure(arguments: &Arguments, subjects: &[Subject], counts: bool) -> Result<Vec<Series>> {
    let (mut book, runs) = (Book::default(), usize::from(arguments.runs));
    let stage = Stage::set(subjects).await?;
    if arguments.wants(What::Size) {
        cold::sizes(subjects, &mut book)?;
    }
    if arguments.wants(What::Start) {
        cold::starts(&stage, subjects, runs, false, &mut book).await?;
        cold::starts(&stage, subjects, runs, true, &mut book).await?;
    }
    if arguments.wants(What::Warm) {
        warm::requests(&stage, subjects, runs, false, &mut book).await?;
        warm::requests(&stage, subjects, runs, true, &mut book).await?;
    }
    if arguments.wants(What::Memory) {
        warm::memory(&stage, subjects, &mut book).await?;
    }
    if arguments.wants(What::Trips) {
        Trips::new(&stage, subjects, &mut book).count().await?;
    }
    if counts {
        instructions::instructions(&stage, subjects, arguments.check, &mut book).await?;
        doubling::doubling(&mut book).await?;
    }
    if arguments.wants(What::Growth) {
        growth::growth(&stage, subjects, runs, &mut book).await?;
    }
    Ok(book.finish())
}

fn write(arguments: &Arguments, machine: &Machine, series: &[Series]) -> Result<()> {
    if let Some(file) = &arguments.json {
        let figures = json!({ "machine": machine, "runs": arguments.runs, "series": series });
        let text = format!("{figures:#}\n");
        std::fs::write(file, text).with_context(|| format!("can't write {}", file.display()))?;
    }
    if let Some(file) = &arguments.plot {
        let panel = |measure: &&str| {
            let rows: Vec<_> = series.iter().filter(|series| series.measure == **measure).collect();
            (format!("{measure} (ms, logarithmic)"), rows)
        };
        let panels: Vec<_> = PLOTTED.iter().map(panel).filter(|(_, rows)| !rows.is_empty()).collect();
        ensure!(
            !panels.is_empty(),
            "there is nothing to draw: init, first requests and warm ones are not measured"
        );
        let picture = plot::draw(&panels);
        std::fs::write(file, picture).with_context(|| format!("can't write {}", file.display()))?;
    }
    Ok(())
}
