//! Worker: one connection that sends its next operation after the response to the last one.

use std::sync::Arc;

use fastrand::Rng;
use local::client::Client;
use local::clock::Stopwatch;
use serde_json::Value;

use super::Budget;
use super::history::History;
use super::operation::{Effect, Operation};
use super::tally::Tally;
use super::workload::Workload;

/// Client with a connection of its own.
pub(super) struct Worker {
    user: usize,
    workload: Arc<Workload>,
    history: Arc<History>,
    client: Client,
    rng: Rng,
    cursor: Option<String>,
    /// Next operation of a direct upload.
    next: Option<Operation>,
    tally: Tally,
}

impl Worker {
    /// Creates the worker of this user. Its random choices are the same in every load.
    pub(super) fn new(user: usize, workload: Arc<Workload>, history: Arc<History>) -> Self {
        let (client, rng) = (Client::new(&workload.url), Rng::with_seed(user as u64));
        Self { user, workload, history, client, rng, cursor: None, next: None, tally: Tally::default() }
    }

    /// Sends operations until the budget is spent.
    pub(super) async fn run(mut self, budget: Arc<Budget>) -> Tally {
        while budget.take() {
            let next = self.next.take();
            let operation = next.unwrap_or_else(|| {
                self.workload.next(&self.client, self.user, &mut self.rng, self.cursor.as_deref())
            });
            self.send(operation).await;
        }
        self.tally
    }

    async fn send(&mut self, operation: Operation) {
        let Operation { function, request, responses, effect, subject } = operation;
        let subject = subject.as_deref();
        if let (Effect::Delete(_), Some(id)) = (&effect, subject) {
            self.history.deleting(id);
        }
        let (sent, watch) = (self.history.time(), Stopwatch::start());
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => {
                self.tally.no_response += 1;
                self.history.unexpected(format!("{function} got no response: {error:#}"));
                return self.record_unknown(&effect, subject);
            }
        };
        let status = response.status_and_code();
        self.tally.record(function, status.clone(), watch.elapsed());
        let is_gone = subject.is_some() && status == "404 NOT_FOUND";
        if !is_gone && !responses.contains(&status.as_str()) {
            self.history
                .unexpected(format!("{function} returned {status} instead of {}", responses.join(" or ")));
        }
        match (response.status, subject) {
            (500.., _) => return self.record_unknown(&effect, subject),
            (_, Some(id)) => self.history.met(id, sent, !is_gone),
            _ => {}
        }
        if response.status < 300 {
            self.record(effect, subject.unwrap_or_default(), &response.json()["data"], sent);
        }
    }

    fn record_unknown(&self, effect: &Effect, subject: Option<&str>) {
        match (effect, subject) {
            (Effect::Create(_), _) => self.history.unknown_creation(),
            (Effect::Change(_), Some(id)) => self.history.unknown(id, false),
            (Effect::Delete(_), Some(id)) => self.history.unknown(id, true),
            _ => {}
        }
    }

    /// Records the effect of a successful response.
    fn record(&mut self, effect: Effect, subject: &str, data: &Value, sent: u64) {
        match effect {
            Effect::Nothing => {}
            Effect::Read => self.record_seen(data, sent),
            Effect::Page => {
                self.cursor = data["nextCursor"].as_str().map(str::to_owned);
                self.record_seen(data, sent);
            }
            Effect::Create(write) => {
                self.history.created(data, write.key.as_deref());
                self.workload.record_created(write, data);
            }
            Effect::Change(condition) => {
                self.history.changed(data, condition);
                self.history.seen(data, sent);
                self.workload.record_project(data);
            }
            Effect::Delete(condition) => self.history.deleted(subject, condition),
            Effect::Begin(write) => self.next = Some(Workload::put(write, data)),
            Effect::Put(write, id) => self.next = Some(self.workload.finish(&self.client, write, &id)),
        }
    }

    fn record_seen(&self, data: &Value, sent: u64) {
        let list = data["projects"].as_array().or(data["files"].as_array());
        let resources = list.map_or(std::slice::from_ref(data), Vec::as_slice);
        for resource in resources {
            self.history.seen(resource, sent);
        }
    }
}
