//! The benchmark: costs of the functions beside their baselines, on this machine.
//!
//! It runs executables as Lambda would, on the local stack's emulators. Like `local`, it depends on none of the service's
//! crates.

mod arguments;
mod changes;
mod check;
mod cold;
mod doubling;
mod environment;
mod event;
mod fixture;
mod growth;
mod instructions;
mod lambda;
mod machine;
mod plot;
mod process;
mod quota;
mod report;
mod round_trips;
mod runtime_api;
mod seeds;
mod series;
mod target;
mod thresholds;
mod warm;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use arguments::{Arguments, Part};
use clap::Parser;
use fixture::Fixture;
use local::terminal;
use machine::Machine;
use report::Report;
use round_trips::RoundTrips;
use serde_json::json;
use series::{Samples, Series};
use target::Target;
use thresholds::Thresholds;

/// Measures that the plot shows, in its order.
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
    target::require_linux()?;
    let targets = target::targets(arguments.binaries.as_deref(), arguments.needs_no_baselines()).await?;
    let machine = Machine::detect();
    let counts = arguments.selects(Part::Instructions) && instructions::can_count().await;
    let series = measure(&arguments, &targets, counts).await?;
    write!(std::io::stdout(), "{machine}{}{}", Report(&series), Thresholds(&series))?;
    write(&arguments, &machine, &series)?;
    if arguments.check {
        check::check(&check::bounds()?, &series, counts)?;
    }
    Ok(())
}

async fn measure(arguments: &Arguments, targets: &[Target], counts: bool) -> Result<Vec<Series>> {
    let (mut samples, runs) = (Samples::default(), usize::from(arguments.runs));
    let fixture = Fixture::start(targets).await?;
    if arguments.selects(Part::Size) {
        cold::sizes(targets, arguments.check, &mut samples)?;
    }
    if arguments.selects(Part::Start) {
        cold::starts(&fixture, targets, runs, false, &mut samples).await?;
        cold::starts(&fixture, targets, runs, true, &mut samples).await?;
    }
    if arguments.selects(Part::Warm) {
        warm::requests(&fixture, targets, runs, false, &mut samples).await?;
        warm::requests(&fixture, targets, runs, true, &mut samples).await?;
    }
    if arguments.selects(Part::Memory) {
        warm::memory(&fixture, targets, &mut samples).await.context("memory")?;
    }
    if arguments.selects(Part::RoundTrips) {
        RoundTrips::new(&fixture, targets, &mut samples).count().await?;
    }
    if counts {
        let counted = instructions::instructions(&fixture, targets, arguments.check, &mut samples).await;
        counted.context("instructions")?;
        doubling::doubling(&mut samples).await?;
    }
    if arguments.selects(Part::Growth) {
        growth::growth(&fixture, targets, runs, &mut samples).await?;
    }
    if arguments.selects(Part::Lambda) {
        lambda::lambda(&fixture, targets, runs, arguments.distances(), &mut samples).await?;
    }
    Ok(samples.finish())
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
