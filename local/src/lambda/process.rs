//! One execution environment: a process of a function and its Runtime API.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio::sync::{oneshot, watch};
use uuid::Uuid;

use super::Outcome;
use super::logs::Logs;
use super::readers::Readers;
use super::runtime_api::{Invocation, Reply, RuntimeApi};
use super::trace::{Output, Trace};
use crate::clock::{self, Stopwatch};
use crate::environment::Variables;

/// Timeout of init, until the process requests its first event, as on Lambda.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// Executable and settings of a function.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    pub(crate) binary: String,
    pub(crate) executable: PathBuf,
    pub(crate) timeout: Duration,
    pub(crate) arn: String,
    pub(crate) variables: Variables,
}

/// Running environment. Its process is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Environment {
    spec: Arc<Spec>,
    /// Dropped before the Runtime API, because a process that lives longer would report the end of that.
    child: Child,
    api: RuntimeApi,
    output: Output,
    readers: Readers,
    /// Time from the start of the process to its first request of an event.
    init: Duration,
    build: u64,
}

/// Result of serving an event.
pub(super) enum Served {
    /// The environment can be reused.
    Done(Outcome),
    /// The environment has ended.
    Broken(Outcome),
    /// The environment has ended, and its process never saw the event.
    NotDelivered,
}

impl Environment {
    /// Starts a process and waits until it requests its first event.
    pub(super) async fn start(spec: &Arc<Spec>, build: u64, logs: &Logs) -> Result<Self> {
        let api = RuntimeApi::serve().await?;
        let watch = Stopwatch::start();
        let mut child = spawn(spec, &api)?;
        let (mut readers, output) = (Readers::default(), Output::new(logs, &spec.binary));
        if let Some(stream) = child.stdout.take() {
            readers.add(stream, &output);
        }
        if let Some(stream) = child.stderr.take() {
            readers.add(stream, &output);
        }
        let spec = Arc::clone(spec);
        let mut environment = Self { spec, api, child, output, readers, init: Duration::ZERO, build };
        environment.first_request().await?;
        environment.init = watch.elapsed();
        Ok(environment)
    }

    /// Returns the time from the start of the process to its first request of an event.
    pub(super) fn init(&self) -> Duration {
        self.init
    }

    /// Returns the number of the build that the process runs.
    pub(super) fn build(&self) -> u64 {
        self.build
    }

    /// Gives the process an event and waits for the outcome. Kills the process when `crashes` changes.
    pub(super) async fn serve(
        &mut self,
        event: Bytes,
        trace: &Arc<Trace>,
        mut crashes: watch::Receiver<()>,
    ) -> Served {
        let taken = Arc::new(AtomicBool::new(false));
        let (sender, reply) = oneshot::channel();
        // Lines without an id that come later belong to this invocation.
        self.readers.catch_up().await;
        self.output.begin(trace);
        self.api.send(self.invocation(event, trace, Arc::clone(&taken), sender));
        let served = tokio::select! {
            biased;
            Ok(reply) = reply => return Served::Done(outcome(reply)),
            status = self.child.wait() => self.ended(status, &taken, trace).await,
            () = tokio::time::sleep(self.spec.timeout) => self.timed_out(trace).await,
            Ok(()) = crashes.changed() => {
                self.stop().await;
                let status = self.child.wait().await;
                self.ended(status, &taken, trace).await
            }
        };
        trace.end();
        served
    }

    /// Ends the process and waits for its end.
    pub(super) async fn stop(&mut self) {
        // It fails only for a process that has already ended.
        drop(self.child.kill().await);
    }

    async fn first_request(&mut self) -> Result<()> {
        let mut ready = self.api.ready.clone();
        tokio::select! {
            biased;
            ready = async { ready.wait_for(|ready| *ready).await.map(drop) } => ready.context("the Runtime API stopped"),
            status = self.child.wait() => {
                self.readers.end().await;
                bail!("it ended before it requested an event ({})", describe(status));
            }
            () = tokio::time::sleep(INIT_TIMEOUT) => {
                self.stop().await;
                bail!("it did not request an event within {INIT_TIMEOUT:?}");
            }
        }
    }

    fn invocation(
        &self,
        event: Bytes,
        trace: &Trace,
        taken: Arc<AtomicBool>,
        reply: oneshot::Sender<Reply>,
    ) -> Invocation {
        let timeout = i64::try_from(self.spec.timeout.as_millis()).unwrap_or(i64::MAX);
        let random = Uuid::new_v4().simple().to_string();
        let now = clock::now();
        Invocation {
            id: trace.invocation.clone(),
            event,
            deadline_ms: now.as_millisecond().saturating_add(timeout),
            arn: self.spec.arn.clone(),
            trace_id: format!("Root=1-{:08x}-{}", now.as_second(), random.get(..24).unwrap_or_default()),
            taken,
            reply,
        }
    }

    async fn ended(
        &mut self,
        status: std::io::Result<ExitStatus>,
        taken: &AtomicBool,
        trace: &Trace,
    ) -> Served {
        self.readers.end().await;
        if !taken.load(Ordering::SeqCst) {
            return Served::NotDelivered;
        }
        let message = format!("crashed: the process ended during an invocation ({})", describe(status));
        self.output.note(&message);
        self.output.note(&report(trace, &json!({"status": "error", "errorType": "Runtime.ExitError"})));
        Served::Broken(Outcome::Failed(message))
    }

    async fn timed_out(&mut self, trace: &Trace) -> Served {
        self.stop().await;
        self.readers.end().await;
        let message = format!("Task timed out after {:.2} seconds", self.spec.timeout.as_secs_f64());
        self.output.note(&message);
        self.output.note(&report(trace, &json!({"status": "timeout"})));
        Served::Broken(Outcome::TimedOut)
    }
}

fn outcome(reply: Reply) -> Outcome {
    match reply {
        Reply::Response(response) => Outcome::Response(response),
        Reply::Error(error) => Outcome::Error(error),
        Reply::TooLarge => Outcome::Failed("the response is larger than 6 MB".to_owned()),
    }
}

/// Returns Lambda's line about an invocation that failed, without its metrics.
fn report(trace: &Trace, outcome: &Value) -> String {
    let mut record = outcome.clone();
    record["requestId"] = trace.invocation.as_str().into();
    json!({"time": clock::now().to_string(), "type": "platform.report", "record": record}).to_string()
}

/// Starts the process in its own group, because the stack ends it and Ctrl-C in the terminal must not.
fn spawn(spec: &Spec, api: &RuntimeApi) -> Result<Child> {
    let mut command = Command::new(&spec.executable);
    command
        .env_clear()
        .envs(&spec.variables)
        .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
        .env("AWS_LAMBDA_LOG_STREAM_NAME", format!("local/[$LATEST]{}", Uuid::new_v4().simple()))
        .current_dir(spec.executable.parent().unwrap_or(Path::new("/")))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    command.spawn().with_context(|| format!("can't run {}", spec.executable.display()))
}

fn describe(status: std::io::Result<ExitStatus>) -> String {
    status.map_or_else(|error| error.to_string(), |status| status.to_string())
}
