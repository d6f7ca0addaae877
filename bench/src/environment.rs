//! One execution environment: a process, and what it takes for what. What must stay out: what it is asked.

use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use local::clock::Stopwatch;
use local::environment::{Variables, variable};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::process::cpu;
use crate::runtime_api::{Event, RuntimeApi};

/// No process takes so long for anything, not even under Valgrind.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long a process that asked for an event may take until it sleeps.
const SETTLE: Duration = Duration::from_millis(2);
/// How long a process sleeps that has nothing to do.
const QUIET: Duration = Duration::from_millis(50);

/// How a process is started.
#[derive(Debug, Clone)]
pub(crate) struct Launch {
    pub(crate) executable: PathBuf,
    pub(crate) variables: Variables,
    /// A program and its arguments that the executable is run by.
    pub(crate) under: Vec<String>,
}

/// A running process that waits for an event. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Environment {
    child: Child,
    api: RuntimeApi,
    log: std::fs::File,
    /// From before it was spawned until it first asked for an event.
    pub(crate) init: Duration,
}

/// An answer to an event.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The HTTP status in it.
    pub(crate) status: u64,
    /// What there is of a body.
    pub(crate) body: String,
    /// From when the event was handed over until the answer was there.
    pub(crate) took: Duration,
}

impl Environment {
    /// Starts a process and waits until it asks for its first event.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) async fn start(launch: &Launch) -> Result<Self> {
        let mut log = tempfile::tempfile().context("can't create a file for the log")?;
        // The clock and the API are there before the process, and cost it nothing.
        let watch = Stopwatch::start();
        let api = RuntimeApi::serve(watch).await?;
        let mut command = command(launch, &api)?;
        command.stdout(log.try_clone()?).stderr(log.try_clone()?);
        let began = watch.elapsed();
        let mut child =
            command.spawn().with_context(|| format!("can't run {}", launch.executable.display()))?;
        let mut api = api;
        let asked = tokio::select! {
            sign = next(&mut api) => sign,
            _ = child.wait() => Err(anyhow::anyhow!("it ended before it asked for an event")),
        };
        match asked {
            Ok(Event::Asked(at)) => Ok(Self { child, api, log, init: at.saturating_sub(began) }),
            Ok(sign) => bail!("{} began with {sign:?}", launch.executable.display()),
            Err(error) => Err(error.context(format!("{}\n{}", launch.executable.display(), text(&mut log)))),
        }
    }

    /// The process.
    pub(crate) fn process(&self) -> Result<u32> {
        self.child.id().context("the process has ended")
    }

    /// Gives it an event, and waits until it has answered and asks for the next one.
    ///
    /// # Errors
    /// When it does not answer with a response for API Gateway.
    pub(crate) async fn ask(&mut self, event: Bytes) -> Result<Answer> {
        self.api.send(event);
        match self.exchange().await {
            Ok((took, response)) => {
                let response: Value =
                    serde_json::from_slice(&response).context("the response is not JSON")?;
                let status = response["statusCode"].as_u64().context("the response has no status")?;
                Ok(Answer { status, body: response["body"].as_str().unwrap_or_default().to_owned(), took })
            }
            Err(error) => Err(error.context(text(&mut self.log))),
        }
    }

    /// Waits until the process sleeps, so that its accounts are up to date.
    pub(crate) async fn settle(&self) {
        tokio::time::sleep(SETTLE).await;
    }

    /// Waits until the process has used no CPU for some time, as what it does of itself takes long under Valgrind.
    ///
    /// # Errors
    /// When it never does nothing.
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

    /// Asks the process to end, as `kill` does, and waits until it has.
    ///
    /// # Errors
    /// When it does not end.
    pub(crate) async fn terminate(mut self) -> Result<()> {
        let process = self.process()?.to_string();
        let killed = Command::new("kill").arg(&process).status().await.context("can't run kill")?;
        ensure!(killed.success(), "can't end process {process}");
        timeout(PATIENCE, self.child.wait()).await.context("the process does not end")??;
        Ok(())
    }

    /// Kills the process and waits until it is gone.
    ///
    /// # Errors
    /// When it has ended before by itself.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.child.kill().await.context("the process had ended")
    }

    async fn exchange(&mut self) -> Result<(Duration, Bytes)> {
        let Event::Took(began) = next(&mut self.api).await? else { bail!("no event was taken") };
        let (ended, response) = match next(&mut self.api).await? {
            Event::Answered(at, response) => (at, response),
            Event::Failed(error) => bail!("the function failed: {}", String::from_utf8_lossy(&error)),
            sign => bail!("no response, but {sign:?}"),
        };
        let Event::Asked(_) = next(&mut self.api).await? else { bail!("no further event was asked for") };
        Ok((ended.saturating_sub(began), response))
    }
}

async fn next(api: &mut RuntimeApi) -> Result<Event> {
    let sign = timeout(PATIENCE, api.signs.recv()).await.context("the process does nothing")?;
    sign.context("the Runtime API is gone")
}

/// Without this process's variables but for `PATH`, which scripts need.
fn command(launch: &Launch, api: &RuntimeApi) -> Result<Command> {
    let executable = std::path::absolute(&launch.executable)?;
    let mut words = launch.under.iter().map(PathBuf::from).chain([executable.clone()]);
    let mut command = Command::new(words.next().unwrap_or_default());
    command
        .args(words)
        .env_clear()
        .env("PATH", variable("PATH").unwrap_or_default())
        .envs(&launch.variables)
        .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
        .current_dir(executable.parent().unwrap_or(Path::new("/")))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    Ok(command)
}

/// The end of what the process wrote.
fn text(log: &mut std::fs::File) -> String {
    let mut bytes = Vec::new();
    let read = log.rewind().and_then(|()| log.read_to_end(&mut bytes));
    let tail = bytes.len().saturating_sub(2000);
    read.map_or_else(|error| error.to_string(), |_| String::from_utf8_lossy(&bytes[tail..]).into_owned())
}
