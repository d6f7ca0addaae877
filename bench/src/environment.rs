//! One execution environment: a process and the times of its init and invocations.

use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use local::clock::Stopwatch;
use local::environment::{Variables, variable};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::process::cpu;
use crate::quota::CpuQuota;
use crate::runtime_api::{RuntimeApi, Signal};

/// Longest wait for a process, also under Valgrind.
const PATIENCE: Duration = Duration::from_mins(1);
/// Time that a process needs until it sleeps, after it polled for an event.
const SETTLE: Duration = Duration::from_millis(2);
/// Time without CPU usage after which a process is idle.
const QUIET: Duration = Duration::from_millis(50);

/// Command line and variables of a process.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    pub(crate) executable: PathBuf,
    pub(crate) variables: Variables,
    /// Program, with its arguments, that runs the executable.
    pub(crate) runner: Vec<String>,
}

/// Running process that waits for an event. Dropping this kills it.
#[derive(Debug)]
pub(crate) struct Environment {
    child: Child,
    api: RuntimeApi,
    log: std::fs::File,
    /// Time from before the spawn until the first poll for an event.
    pub(crate) init: Duration,
    /// Dropped after the process, whose control group can't be removed before.
    _quota: Option<Arc<CpuQuota>>,
}

/// Response to an event.
#[derive(Debug)]
pub(crate) struct Response {
    /// Status. Without one, 200 if the response to a batch names no failed record.
    pub(crate) status: u64,
    /// Body, or empty.
    pub(crate) body: String,
    /// Time from the delivery of the event to the response.
    pub(crate) took: Duration,
    /// Time from the delivery to the poll for the next event, which Lambda bills.
    pub(crate) busy: Duration,
    /// End of the process's log if the function failed, or empty.
    _log: String,
}

impl Response {
    /// Checks that it has this status.
    ///
    /// # Errors
    /// It has another one.
    pub(crate) fn checked(self, status: u64) -> Result<Self> {
        // The noop responds to every workload with 200.
        ensure!([200, status].contains(&self.status), "{self:?} should have status {status}");
        Ok(self)
    }
}

impl Environment {
    /// Starts a process and waits until it polls for its first event.
    ///
    /// # Errors
    /// The process does not start or poll.
    pub(crate) async fn start(launch: &Launch) -> Result<Self> {
        // The clock and the API start before the process, so that they are not part of its init.
        let watch = Stopwatch::start();
        let api = RuntimeApi::serve(watch, None).await?;
        let (mut command, log) = command(launch, &api)?;
        let began = watch.elapsed();
        let child = spawn(&mut command)?;
        Self { child, api, log, init: began, _quota: None }.ready().await
    }

    /// Starts a process with an event that is waiting for it. It gets the quota right before the event.
    ///
    /// # Errors
    /// The process does not start, poll or respond.
    pub(crate) async fn start_under(
        quota: CpuQuota,
        launch: &Launch,
        event: Bytes,
    ) -> Result<(Self, Response)> {
        let (watch, quota) = (Stopwatch::start(), Arc::new(quota));
        let throttle = Arc::clone(&quota);
        let api = RuntimeApi::serve(watch, Some(Box::new(move || throttle.apply()))).await?;
        api.send(event);
        let (mut command, log) = command(&Launch { runner: quota.runner(), ..launch.clone() }, &api)?;
        let mut child = spawn(command.stdin(Stdio::piped()))?;
        let mut runner = child.stdin.take().context("the runner has no input")?;
        timeout(PATIENCE, quota.filled()).await.context("no process joins the control group")??;
        // The spawn is over. The executable begins with this line.
        let began = watch.elapsed();
        runner.write_all(b"\n").await.context("the runner has ended")?;
        let mut environment = Self { child, api, log, init: began, _quota: Some(quota) }.ready().await?;
        let response = environment.response().await?;
        Ok((environment, response))
    }

    /// Waits for the first poll for an event. `init` is the time of the start until then.
    async fn ready(mut self) -> Result<Self> {
        let first = tokio::select! {
            signal = next(&mut self.api) => signal,
            _ = self.child.wait() => Err(anyhow::anyhow!("it ended before it polled for an event")),
        };
        match first {
            Ok(Signal::Polled(at)) => Ok(Self { init: at.saturating_sub(self.init), ..self }),
            Ok(signal) => bail!("it began with {signal:?}"),
            Err(error) => Err(error.context(text(&mut self.log))),
        }
    }

    /// Returns the process id.
    pub(crate) fn process(&self) -> Result<u32> {
        self.child.id().context("the process has ended")
    }

    /// Sends an event, and waits for the response and the poll for the next event.
    ///
    /// # Errors
    /// The process does not return a response for API Gateway or a stream.
    pub(crate) async fn invoke(&mut self, event: Bytes) -> Result<Response> {
        self.api.send(event);
        self.response().await
    }

    /// Waits until the process sleeps, so that its CPU time is up to date.
    pub(crate) async fn settle(&self) {
        tokio::time::sleep(SETTLE).await;
    }

    /// Waits until the process has used no CPU for some time, because its background work is slow under Valgrind.
    ///
    /// # Errors
    /// The process is never idle.
    pub(crate) async fn idle(&self) -> Result<()> {
        let process = self.process()?;
        let quiet = async {
            let mut before = cpu(process)?;
            loop {
                tokio::time::sleep(QUIET).await;
                let now = cpu(process)?;
                if now == before {
                    return Ok(());
                }
                before = now;
            }
        };
        timeout(PATIENCE, quiet).await.context("the process never sleeps")?
    }

    /// Terminates the process with `SIGTERM` and waits until it has ended.
    ///
    /// # Errors
    /// The process does not end.
    pub(crate) async fn terminate(mut self) -> Result<()> {
        let process = self.process()?.to_string();
        let killed = Command::new("kill").arg(&process).status().await.context("can't run kill")?;
        ensure!(killed.success(), "can't end process {process}");
        timeout(PATIENCE, self.child.wait()).await.context("the process does not end")??;
        Ok(())
    }

    /// Kills the process and waits until it has ended.
    ///
    /// # Errors
    /// The process had ended before.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.child.kill().await.context("the process had ended")
    }

    async fn response(&mut self) -> Result<Response> {
        match self.exchange().await {
            Ok((took, busy, response)) => {
                let response: Value =
                    serde_json::from_slice(&response).context("the response is not JSON")?;
                let status = status(&response).context("the response has no status")?;
                let body = response["body"].as_str().unwrap_or_default().to_owned();
                let log = if status < 500 { String::new() } else { text(&mut self.log) };
                Ok(Response { status, body, took, busy, _log: log })
            }
            Err(error) => Err(error.context(text(&mut self.log))),
        }
    }

    async fn exchange(&mut self) -> Result<(Duration, Duration, Bytes)> {
        let Signal::Delivered(began) = next(&mut self.api).await? else { bail!("no event was delivered") };
        let (ended, response) = match next(&mut self.api).await? {
            Signal::Responded(at, response) => (at, response),
            Signal::Failed(error) => bail!("the function failed: {}", String::from_utf8_lossy(&error)),
            signal => bail!("no response, but {signal:?}"),
        };
        let Signal::Polled(free) = next(&mut self.api).await? else { bail!("there was no further poll") };
        Ok((ended.saturating_sub(began), free.saturating_sub(began), response))
    }
}

fn status(response: &Value) -> Option<u64> {
    let failures = || response["batchItemFailures"].as_array();
    response["statusCode"].as_u64().or_else(|| failures().map(|all| if all.is_empty() { 200 } else { 500 }))
}

async fn next(api: &mut RuntimeApi) -> Result<Signal> {
    let signal = timeout(PATIENCE, api.signals.recv()).await.context("the process does nothing")?;
    signal.context("the Runtime API has ended")
}

/// Returns the command of a process, and its log. Of this process's variables it keeps only `PATH`, which scripts need.
fn command(launch: &Launch, api: &RuntimeApi) -> Result<(Command, std::fs::File)> {
    let log = tempfile::tempfile().context("can't create a file for the log")?;
    let executable = std::path::absolute(&launch.executable)?;
    let mut words = launch.runner.iter().map(PathBuf::from).chain([executable.clone()]);
    let mut command = Command::new(words.next().unwrap_or_default());
    command
        .args(words)
        .env_clear()
        .env("PATH", variable("PATH").unwrap_or_default())
        .envs(&launch.variables)
        .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
        .current_dir(executable.parent().unwrap_or(Path::new("/")))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log.try_clone()?)
        .kill_on_drop(true);
    Ok((command, log))
}

fn spawn(command: &mut Command) -> Result<Child> {
    command.spawn().with_context(|| format!("can't run {}", command.as_std().get_program().display()))
}

/// Returns the last 2,000 bytes of the process's log.
fn text(log: &mut std::fs::File) -> String {
    let mut bytes = Vec::new();
    let read = log.rewind().and_then(|()| log.read_to_end(&mut bytes));
    let tail = bytes.len().saturating_sub(2000);
    read.map_or_else(|error| error.to_string(), |_| String::from_utf8_lossy(&bytes[tail..]).into_owned())
}
