//! The stack under load: a process of its own, so that its memory is nobody else's. What must stay out: the load.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use local::emulators::External;
use local::stack::{Binaries, Options, Stack};
use local::terminal;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use crate::arguments::{Build, Loadtest};
use crate::commands::options;

/// How many lines of the stack's log are kept for whoever wants to know what went wrong.
const KEPT: usize = 40;
/// The largest limit that can be set: the load is to meet the counters, but never the limit.
const RATE_LIMIT: &str = "1000000/10s";

/// A running stack, ended when this is dropped.
pub(super) struct Target {
    /// Where it listens.
    pub(super) url: String,
    /// Its process.
    pub(super) process: u32,
    /// A look at its tables and its bucket.
    pub(super) emulators: Stack,
    complaints: Arc<Mutex<VecDeque<String>>>,
    child: Child,
    _output: Lines<BufReader<ChildStdout>>,
    _data: TempDir,
}

impl Target {
    /// Starts a stack with its data in a folder that is removed at the end: in memory, whatever is stored would look
    /// like a leak.
    pub(super) async fn start(load: &Loadtest) -> Result<Self> {
        let data = tempfile::tempdir().context("can't create a folder for the data")?;
        let mut child = command(&load.build, &data)?.spawn().context("can't start the stack")?;
        let complaints = Arc::<Mutex<_>>::default();
        tokio::spawn(listen(child.stderr.take().context("the stack has no log")?, Arc::clone(&complaints)));
        let mut output = BufReader::new(child.stdout.take().context("the stack has no output")?).lines();
        let banner = Banner::read(&mut output).await?;
        Ok(Self {
            emulators: emulators(&load.build, &banner).await?,
            process: child.id().context("the stack has ended")?,
            url: banner.url,
            complaints,
            child,
            _output: output,
            _data: data,
        })
    }

    /// Ends the stack, so that nothing writes into the folder while it is removed.
    pub(super) async fn stop(mut self) {
        // It fails only for a process that has already ended.
        drop(self.child.kill().await);
    }

    /// What the stack's log says of failures.
    pub(super) fn complaints(&self) -> Vec<String> {
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// This program, as the stack.
fn command(build: &Build, data: &TempDir) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("this program has no path")?);
    command.args(["--port", "0", "--data-dir"]).arg(data.path());
    command.env("RATE_LIMIT", RATE_LIMIT).env("LOG_LEVEL", "warn");
    if build.release {
        command.arg("--release");
    }
    for (name, path) in [("--binaries", &build.binaries), ("--template", &build.template)] {
        command.args(path.iter().flat_map(|path| [name.as_ref(), path.as_os_str()]));
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    Ok(command)
}

/// Shows the log until the stack is ready, as building the functions takes a while; then keeps its complaints.
async fn listen(log: ChildStderr, complaints: Arc<Mutex<VecDeque<String>>>) {
    let mut lines = BufReader::new(log).lines();
    let mut ready = false;
    while let Ok(Some(line)) = lines.next_line().await {
        let request = line.contains(" -> ");
        ready |= request;
        if !ready {
            terminal::say(&line);
        } else if !request || line.contains(" -> 5") {
            let mut kept = complaints.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push_back(line);
            let excess = kept.len().saturating_sub(KEPT);
            kept.drain(..excess);
        }
    }
}

/// What the stack prints when it is ready.
#[derive(Default)]
struct Banner {
    url: String,
    external: External,
}

impl Banner {
    async fn read(output: &mut Lines<BufReader<ChildStdout>>) -> Result<Self> {
        let mut banner = Self::default();
        while let Some(line) = output.next_line().await.context("the stack's output breaks off")? {
            let mut words = line.split_whitespace();
            match (words.next(), words.next()) {
                (Some("DynamoDB"), Some(url)) => banner.external.dynamodb = Some(url.to_owned()),
                (Some("S3"), Some(url)) => banner.external.s3 = Some(url.to_owned()),
                (Some("listening"), Some("on")) => {
                    let url = words.next().context("the stack does not say where it listens")?.to_owned();
                    return Ok(Self { url, ..banner });
                }
                _ => {}
            }
        }
        bail!("the stack does not start")
    }
}

/// A stack without functions over the same emulators.
async fn emulators(build: &Build, banner: &Banner) -> Result<Stack> {
    let (binaries, external) = (Binaries::Dir(PathBuf::new()), banner.external.clone());
    Stack::start(Options { binaries, external, prewarm: false, ..options(build)? }).await
}
