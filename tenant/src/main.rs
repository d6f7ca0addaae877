//! `tenant`: counts, exports and erases all rows and objects of one organization, in any application of the platform.

mod arguments;
mod aws;
mod count;
mod erase;
mod export;
mod organization;
mod report;
mod rows;
mod sources;
mod versions;

use std::process::ExitCode;

use anyhow::Result;
use arguments::{Arguments, Command};
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(Arguments { command }: Arguments) -> Result<()> {
    match command {
        Command::Count(count) => count::count(&count).await,
        Command::Export(export) => export::export(&export).await,
        Command::Erase(erase) => erase::erase(&erase).await,
    }
}
