//! `local invoke`: invokes one function with one event.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use local::emulators::Data;
use local::lambda::Outcome;
use local::stack::Stack;
use local::streams::Mode;
use local::template::Template;
use serde_json::Value;

use super::{event::example_event, options};
use crate::arguments::Invoke;

/// Prints the function's response to standard output. Logs go to standard error.
pub(crate) async fn invoke(arguments: Invoke) -> Result<ExitCode> {
    let mut options = options(&arguments.build)?;
    let template = Template::load(&options.template)?;
    let event = match &arguments.event {
        Some(event) => read(event)?,
        None => example_event(&template, &arguments.function)?.into_bytes(),
    };
    options.only = Some(arguments.function.clone());
    options.data = arguments.data_dir.map_or(Data::Memory, Data::Dir);
    // The function gets this event only.
    options.streams = Mode::Manual;
    // Only an empty stack is seeded, never persistent or external tables.
    let seed = matches!(options.data, Data::Memory) && !options.external.any();
    let stack = Stack::start(options).await?;
    if seed {
        stack.seed(&template).await?;
    }
    let outcome = stack.invoke(&arguments.function, event).await;
    stack.stop().await;
    report(outcome?)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let mut event = Vec::new();
    if path == Path::new("-") {
        io::stdin().read_to_end(&mut event).context("can't read the event")?;
    } else {
        event = std::fs::read(path).with_context(|| format!("can't read {}", path.display()))?;
    }
    serde_json::from_slice::<Value>(&event).with_context(|| format!("{} is not JSON", path.display()))?;
    Ok(event)
}

fn report(outcome: Outcome) -> Result<ExitCode> {
    match outcome {
        Outcome::Response(response) => {
            let response: Value =
                serde_json::from_slice(&response).context("the function's response is not JSON")?;
            writeln!(io::stdout(), "{response:#}").context("can't print the response")?;
            Ok(ExitCode::SUCCESS)
        }
        Outcome::Error(error) => {
            writeln!(io::stdout(), "{}", String::from_utf8_lossy(&error)).context("can't print the error")?;
            Ok(ExitCode::FAILURE)
        }
        Outcome::Failed(reason) => bail!(reason),
        Outcome::TimedOut => bail!("the function exceeded its Timeout"),
        Outcome::Throttled => bail!("the queue of requests is full"),
    }
}
