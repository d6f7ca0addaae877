//! The benchmark: what the functions cost, beside what they are compared with, on this machine.
//!
//! It runs executables as Lambda would, over the local stack's engines, and knows nothing of how they are made: like
//! `local`, it depends on none of the service's crates. What must stay out: the measures, one file each.

mod arguments;
mod cold;
mod environment;
mod event;
mod process;
mod report;
mod runtime_api;
mod series;
mod stage;
mod subject;

use anyhow::Result;
use arguments::Arguments;
use clap::Parser;
use local::terminal;
use report::Report;
use series::Book;
use stage::Stage;
use std::io::Write;
use std::process::ExitCode;

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
    let subjects = subject::subjects(arguments.binaries.as_deref(), false).await?;
    let stage = Stage::set(&subjects).await?;
    let mut book = Book::default();
    cold::sizes(&subjects, &mut book)?;
    for tls in [false, true] {
        cold::starts(&stage, &subjects, arguments.runs.into(), tls, &mut book).await?;
    }
    let series = book.finish();
    write!(std::io::stdout(), "{}", Report(&series))?;
    Ok(())
}
