//! Command line of the local stack.

mod arguments;
mod banner;
mod commands;

use std::process::ExitCode;

use anyhow::Result;
use arguments::{Arguments, Command};
use clap::Parser;
use local::terminal;

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            terminal::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.command {
        None => commands::serve(arguments.serve).await,
        Some(Command::Token(token)) => commands::token(&token),
        Some(Command::Event(event)) => commands::event(&event),
        Some(Command::Invoke(invoke)) => commands::invoke(invoke).await,
        Some(Command::Describe(describe)) => commands::describe(&describe).await,
        Some(Command::New(new)) => commands::new(new).await,
        Some(Command::Remove(remove)) => commands::remove(remove).await,
        Some(Command::Loadtest(load)) => commands::loadtest(load).await,
    }
}
