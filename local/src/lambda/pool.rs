//! Pool of a function's execution environments. Each handles one event at a time; concurrent requests start further ones,
//! and idle ones are reused.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use bytes::Bytes;
use tokio::sync::{Semaphore, watch};

use super::Outcome;
use super::logs::Logs;
use super::process::{Environment, Served, Spec};
use super::trace::Trace;
use crate::clock::Stopwatch;
use crate::environment::Variables;
use crate::rebuild::{Freshness, Sources};

/// Maximum concurrent environments of a function.
const MAX_ENVIRONMENTS: u32 = 64;
/// Maximum requests that wait for an environment.
const MAX_WAITING: usize = 1024;

/// Environments of one function.
#[derive(Debug)]
pub(crate) struct Pool {
    spec: Arc<Spec>,
    /// Sources of the function; `None` if it is never built again.
    sources: Option<Sources>,
    logs: Logs,
    /// `false` until the first build has this function.
    built: watch::Sender<bool>,
    /// Number of builds since the start, which tells environments of older ones.
    builds: AtomicU64,
    /// Environments that wait for an event; the most recently used one is last.
    idle: Mutex<Vec<Environment>>,
    environments: Semaphore,
    admitted: Semaphore,
    closing: watch::Sender<bool>,
    crashes: watch::Sender<()>,
}

impl Pool {
    /// Creates a pool without environments. If there are `sources`, they are looked at by [`Pool::refresh`].
    pub(crate) fn new(spec: Spec, sources: Option<Sources>, logs: Logs) -> Self {
        Self {
            spec: Arc::new(spec),
            sources,
            logs,
            built: watch::Sender::new(true),
            builds: AtomicU64::new(0),
            idle: Mutex::default(),
            environments: Semaphore::new(MAX_ENVIRONMENTS as usize),
            admitted: Semaphore::new(MAX_ENVIRONMENTS as usize + MAX_WAITING),
            closing: watch::Sender::new(false),
            crashes: watch::Sender::new(()),
        }
    }

    /// Returns the function's binary.
    pub(crate) fn binary(&self) -> &str {
        &self.spec.binary
    }

    /// Returns the environment variables of the function's processes.
    pub(crate) fn variables(&self) -> &Variables {
        &self.spec.variables
    }

    /// Returns `true` if the function is built.
    pub(crate) fn is_built(&self) -> bool {
        *self.built.borrow()
    }

    /// Tells that the function is built. Until then, with `false`, its requests wait in [`Pool::refresh`].
    pub(crate) fn set_built(&self, is_built: bool) {
        self.built.send_replace(is_built);
    }

    /// Starts one environment before the first request.
    ///
    /// # Errors
    /// When the function does not start.
    pub(crate) async fn prewarm(&self) -> Result<()> {
        let environment = self.start().await?;
        self.put_idle(environment);
        Ok(())
    }

    /// Waits for the first build. Builds the function if its sources have changed since, even if the caller stops waiting for it. Environments of the build
    /// before end with their invocation.
    ///
    /// # Errors
    /// Cargo's messages, if the function doesn't compile.
    pub(crate) async fn refresh(self: &Arc<Self>, trace: &Arc<Trace>) -> Result<(), String> {
        if self.sources.is_none() {
            return Ok(());
        }
        let (pool, trace) = (Arc::clone(self), Arc::clone(trace));
        let task = tokio::spawn(async move { pool.refresh_now(&trace).await });
        task.await.unwrap_or_else(|error| Err(error.to_string()))
    }

    async fn refresh_now(&self, trace: &Trace) -> Result<(), String> {
        let Some(sources) = &self.sources else { return Ok(()) };
        let watch = Stopwatch::start();
        if !self.is_built() {
            // It fails only without a sender, which this pool has.
            drop(self.built.subscribe().wait_for(|is_built| *is_built).await);
            trace.set_build(watch.elapsed());
        }
        match sources.refresh().await {
            Freshness::Current => Ok(()),
            Freshness::Broken(messages) => Err(messages),
            Freshness::Rebuilt(took) => {
                trace.set_build(took);
                self.builds.fetch_add(1, Ordering::SeqCst);
                self.idle().clear();
                Ok(())
            }
        }
    }

    /// Runs one invocation to its end, even if the caller stops waiting for it.
    pub(crate) async fn invoke(self: &Arc<Self>, event: Bytes, trace: &Arc<Trace>) -> Outcome {
        let (pool, trace) = (Arc::clone(self), Arc::clone(trace));
        let task = tokio::spawn(async move { pool.run(event, &trace).await });
        task.await.unwrap_or_else(|error| Outcome::Failed(error.to_string()))
    }

    /// Kills the processes that handle an invocation, like a crash.
    pub(crate) fn crash(&self) {
        self.crashes.send_replace(());
    }

    /// Ends all processes. Running invocations fail.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
        self.idle().clear();
    }

    /// Ends all processes and waits for their end.
    pub(crate) async fn stop(&self) {
        self.closing.send_replace(true);
        let idle = std::mem::take(&mut *self.idle());
        for mut environment in idle {
            environment.stop().await;
        }
        // With all permits acquired, no invocation is running.
        drop(self.environments.acquire_many(MAX_ENVIRONMENTS).await);
    }

    async fn run(&self, event: Bytes, trace: &Arc<Trace>) -> Outcome {
        let Ok(_admitted) = self.admitted.try_acquire() else {
            return Outcome::Throttled;
        };
        let Ok(_permit) = self.environments.acquire().await else {
            return Outcome::Throttled;
        };
        let mut closing = self.closing.subscribe();
        tokio::select! {
            outcome = self.serve(event, trace) => outcome,
            // The dropped future owns the environment, which kills its process.
            _ = closing.wait_for(|closing| *closing) => Outcome::Failed("the stack is stopping".to_owned()),
        }
    }

    /// Serves the event in an idle environment or a new one. If an idle one has ended unnoticed, its process never saw the
    /// event, so the next environment may get it.
    async fn serve(&self, event: Bytes, trace: &Arc<Trace>) -> Outcome {
        while let Some(environment) = self.take_idle() {
            if let Some(outcome) = self.serve_in(environment, event.clone(), trace).await {
                return outcome;
            }
        }
        match self.start().await {
            Ok(environment) => {
                trace.set_cold_start(environment.init());
                self.serve_in(environment, event, trace).await.unwrap_or_else(|| ended_early(&self.spec))
            }
            Err(error) => Outcome::Failed(format!("{error:#}")),
        }
    }

    /// Serves the event; `None` if the process ended before it saw the event.
    async fn serve_in(
        &self,
        mut environment: Environment,
        event: Bytes,
        trace: &Arc<Trace>,
    ) -> Option<Outcome> {
        match environment.serve(event, trace, self.crashes.subscribe()).await {
            Served::Done(outcome) => {
                self.put_idle(environment);
                Some(outcome)
            }
            Served::Broken(outcome) => Some(outcome),
            Served::NotDelivered => None,
        }
    }

    async fn start(&self) -> Result<Environment> {
        let build = self.builds.load(Ordering::SeqCst);
        let environment = Environment::start(&self.spec, build, &self.logs).await;
        environment.with_context(|| format!("{} does not start", self.spec.binary))
    }

    fn take_idle(&self) -> Option<Environment> {
        self.idle().pop()
    }

    /// Keeps an environment for reuse, unless the pool is closing or has a newer build. Both are checked under the lock,
    /// because they are set before the list is emptied.
    fn put_idle(&self, environment: Environment) {
        let mut idle = self.idle();
        if !*self.closing.borrow() && environment.build() == self.builds.load(Ordering::SeqCst) {
            idle.push(environment);
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Environment>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ended_early(spec: &Spec) -> Outcome {
    Outcome::Failed(format!("{} ended before it received the event", spec.binary))
}
