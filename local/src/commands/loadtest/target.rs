//! The stack under test. It is a separate process, so its memory can be measured.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use local::emulators::External;
use local::stack::{Binaries, Options, Stack};
use local::streams::Mode;
use local::terminal;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use crate::arguments::{Build, Loadtest};
use crate::commands::options;

/// Maximum lines of the stack's log that are kept for a failed report.
const MAX_LINES: usize = 40;
/// Largest valid limit, because the load should exercise the counters but never exceed the limit.
const RATE_LIMIT: &str = "1000000/10s";

/// Running stack, ended when this is dropped.
pub(super) struct Target {
    /// Base URL.
    pub(super) url: String,
    /// Process id.
    pub(super) process: u32,
    /// Stack without functions, for access to the tables and the bucket.
    pub(super) emulators: Stack,
    failures: Arc<Mutex<VecDeque<String>>>,
    child: Child,
    _output: Lines<BufReader<ChildStdout>>,
    _data: TempDir,
}

impl Target {
    /// Starts a stack with its data in a temporary folder, because data in memory would look like a leak.
    pub(super) async fn start(load: &Loadtest) -> Result<Self> {
        let data = tempfile::tempdir().context("can't create a folder for the data")?;
        let mut child = command(&load.build, &data)?.spawn().context("can't start the stack")?;
        let failures = Arc::<Mutex<_>>::default();
        tokio::spawn(follow(child.stderr.take().context("the stack has no log")?, Arc::clone(&failures)));
        let mut output = BufReader::new(child.stdout.take().context("the stack has no output")?).lines();
        let banner = Banner::read(&mut output).await?;
        Ok(Self {
            emulators: emulators(&load.build, &banner).await?,
            process: child.id().context("the stack has ended")?,
            url: banner.url,
            failures,
            child,
            _output: output,
            _data: data,
        })
    }

    /// Kills the stack before its folder is removed.
    pub(super) async fn stop(mut self) {
        // It fails only for a process that has already ended.
        drop(self.child.kill().await);
    }

    /// Returns the last lines of the stack's log about failures.
    pub(super) fn failures(&self) -> Vec<String> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// Returns the command that runs this program as the stack.
fn command(build: &Build, data: &TempDir) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("this program has no path")?);
    command.args(["--port", "0", "--no-rebuild", "--data-dir"]).arg(data.path());
    command.env("RATE_LIMIT", RATE_LIMIT).env("LOG_LEVEL", "warn").env("NO_COLOR", "1");
    if build.release {
        command.arg("--release");
    }
    for (name, path) in [("--binaries", &build.binaries), ("--template", &build.template)] {
        command.args(path.iter().flat_map(|path| [name.as_ref(), path.as_os_str()]));
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    Ok(command)
}

/// Follows the log. Prints it until the first request, which includes the build of the functions; then keeps failures.
async fn follow(log: ChildStderr, failures: Arc<Mutex<VecDeque<String>>>) {
    let mut lines = BufReader::new(log).lines();
    let mut ready = false;
    while let Ok(Some(line)) = lines.next_line().await {
        let status = status(&line);
        ready |= status.is_some();
        if !ready {
            terminal::say(&line);
        } else if status.is_none_or(|status| status >= 500) {
            let mut kept = failures.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push_back(line);
            let excess = kept.len().saturating_sub(MAX_LINES);
            kept.drain(..excess);
        }
    }
}

/// Returns the status in the line of a request, which follows the time.
fn status(line: &str) -> Option<u16> {
    let (time, rest) = line.split_once(' ')?;
    let is_time = time.len() == 8 && time.bytes().all(|byte| byte == b':' || byte.is_ascii_digit());
    rest.split(' ').next().filter(|_| is_time)?.parse().ok()
}

/// Endpoints in the banner that the stack prints when it is ready.
#[derive(Default)]
struct Banner {
    url: String,
    external: External,
}

impl Banner {
    async fn read(output: &mut Lines<BufReader<ChildStdout>>) -> Result<Self> {
        let mut banner = Self::default();
        while let Some(line) = output.next_line().await.context("can't read the stack's output")? {
            let mut words = line.split_whitespace();
            match (words.next(), words.next()) {
                (Some("DynamoDB"), Some(url)) => banner.external.dynamodb = Some(url.to_owned()),
                (Some("S3"), Some(url)) => banner.external.s3 = Some(url.to_owned()),
                (Some("listening"), Some("on")) => {
                    let url = words.next().context("the stack's banner has no URL")?.to_owned();
                    return Ok(Self { url, ..banner });
                }
                _ => {}
            }
        }
        bail!("the stack did not start")
    }
}

/// Starts a stack without functions on the same emulators.
async fn emulators(build: &Build, banner: &Banner) -> Result<Stack> {
    let (binaries, external) = (Binaries::Dir(PathBuf::new()), banner.external.clone());
    let streams = Mode::Manual;
    Stack::start(Options { binaries, external, streams, prewarm: false, ..options(build)? }).await
}
