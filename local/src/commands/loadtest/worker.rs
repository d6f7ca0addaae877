//! Worker: one connection that sends its next operation after the response to the last one.

use std::sync::Arc;

use fastrand::Rng;
use local::client::{Client, Response};
use local::clock::Stopwatch;

use super::Budget;
use super::history::History;
use super::operation::{Effect, Operation, Resource, Write};
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
    tally: Tally,
}

impl Worker {
    /// Creates the worker of this user. Its random choices are the same in every load.
    pub(super) fn new(user: usize, workload: Arc<Workload>, history: Arc<History>) -> Self {
        let (client, rng) = (Client::new(&workload.url), Rng::with_seed(user as u64));
        Self { user, workload, history, client, rng, cursor: None, tally: Tally::default() }
    }

    /// Sends operations until the budget is spent.
    pub(super) async fn run(mut self, budget: Arc<Budget>) -> Tally {
        while budget.take() {
            let operation =
                self.workload.next(&self.client, self.user, &mut self.rng, self.cursor.as_deref());
            self.send(operation).await;
        }
        self.tally
    }

    async fn send(&mut self, operation: Operation) {
        let Operation { function, request, responses, effect } = operation;
        let watch = Stopwatch::start();
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => {
                self.tally.no_response += 1;
                self.history.unexpected(format!("{function} got no response: {error:#}"));
                return self.record_unknown(&effect);
            }
        };
        let status = response.status_and_code();
        self.tally.record(function, status.clone(), watch.elapsed());
        if !responses.contains(&status.as_str()) {
            self.history
                .unexpected(format!("{function} returned {status} instead of {}", responses.join(" or ")));
        }
        if response.status >= 500 {
            self.record_unknown(&effect);
        }
        self.record(effect, &response);
    }

    fn record_unknown(&self, effect: &Effect) {
        if let Effect::Create(_) = effect {
            self.history.unknown();
        }
    }

    fn record(&mut self, effect: Effect, response: &Response) {
        let data = &response.json()["data"];
        match effect {
            Effect::Page => self.cursor = data["nextCursor"].as_str().map(str::to_owned),
            Effect::Create(write) if response.status == 201 => {
                self.record_created(write, data["id"].as_str().unwrap_or_default());
            }
            Effect::Create(_) | Effect::Nothing => {}
        }
    }

    fn record_created(&self, write: Write, id: &str) {
        match &write.resource {
            Resource::Project(name) => self.history.project(id, name, write.key.as_deref()),
            Resource::File { .. } => self.history.file(id, write.key.as_deref()),
        }
        self.workload.record_created(write);
    }
}
