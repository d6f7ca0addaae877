//! `local`: runs the stack until a signal stops it.

use std::future::pending;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use local::emulators::Data;
use local::lambda::Log;
use local::stack::{Options, Stack};
use local::terminal;

use super::options;
use crate::arguments::Serve;
use crate::banner;

/// Runs the stack until Ctrl-C or SIGTERM.
pub(crate) async fn serve(mut arguments: Serve) -> Result<ExitCode> {
    let mut options = options(&arguments.build)?;
    options.port = arguments.port;
    options.data = data(&arguments, &options);
    options.rebuild = !arguments.no_rebuild;
    options.log = if arguments.json { Log::Raw } else { Log::Terminal };
    options.emulators = arguments.emulators;
    options.page = true;
    if !arguments.origins.is_empty() {
        options.origins = std::mem::take(&mut arguments.origins).into();
    }
    let (data, external) = (options.data.clone(), options.external.clone());
    let stop = stop_signal()?;
    tokio::pin!(stop);
    let stack = tokio::select! {
        stack = started(options, arguments.seed) => stack?,
        () = &mut stop => return Ok(ExitCode::SUCCESS),
    };
    let banner = banner::render(&stack, &data, &external)?;
    io::stdout().write_all(banner.as_bytes()).context("can't print the banner")?;
    let failed = async {
        match stack.complete().await {
            Ok(()) => pending().await,
            Err(error) => error,
        }
    };
    let ended = tokio::select! {
        () = &mut stop => Ok(ExitCode::SUCCESS),
        error = failed => Err(error),
    };
    terminal::say("stopping");
    stack.stop().await;
    ended
}

async fn started(options: Options, seed: bool) -> Result<Stack> {
    let stack = Stack::start(options).await?;
    if seed {
        stack.seed(stack.template()).await?;
    }
    Ok(stack)
}

fn data(arguments: &Serve, options: &Options) -> Data {
    match &arguments.data_dir {
        _ if arguments.ephemeral => Data::Memory,
        Some(folder) => Data::Dir(folder.clone()),
        None => Data::Dir(options.template.parent().unwrap_or(Path::new("")).join(".local")),
    }
}

/// Returns a future that completes on SIGINT or SIGTERM. The handlers are installed when this returns.
#[cfg(unix)]
fn stop_signal() -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).context("can't handle Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("can't handle SIGTERM")?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Returns a future that completes on Ctrl-C. The handler is installed when this returns.
#[cfg(windows)]
fn stop_signal() -> Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c().context("can't handle Ctrl-C")?;
    Ok(async move {
        interrupt.recv().await;
    })
}
