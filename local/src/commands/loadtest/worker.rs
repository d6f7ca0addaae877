//! One connection: its next request when the last one is answered. What must stay out: what is asked.

use std::sync::Arc;

use fastrand::Rng;
use local::client::{Client, Response};
use local::clock::Stopwatch;

use super::Budget;
use super::history::History;
use super::operation::{Effect, Operation, What, Write};
use super::tally::Tally;
use super::workload::Workload;

/// A client with a connection of its own.
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
    /// The worker with this number, which asks the same things in the same order in every load.
    pub(super) fn new(user: usize, workload: Arc<Workload>, history: Arc<History>) -> Self {
        let (client, rng) = (Client::new(&workload.url), Rng::with_seed(user as u64));
        Self { user, workload, history, client, rng, cursor: None, tally: Tally::default() }
    }

    /// Asks until the budget is spent.
    pub(super) async fn run(mut self, budget: Arc<Budget>) -> Tally {
        while budget.take() {
            let operation =
                self.workload.next(&self.client, self.user, &mut self.rng, self.cursor.as_deref());
            self.ask(operation).await;
        }
        self.tally
    }

    async fn ask(&mut self, operation: Operation) {
        let Operation { function, request, responses, effect } = operation;
        let watch = Stopwatch::start();
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => {
                self.tally.unanswered += 1;
                self.history.mistake(format!("{function} got no response: {error:#}"));
                return self.may_have_had(&effect);
            }
        };
        let status = response.status_and_code();
        self.tally.note(function, status.clone(), watch.elapsed());
        if !responses.contains(&status.as_str()) {
            self.history
                .mistake(format!("{function} answered {status} in place of {}", responses.join(" or ")));
        }
        if response.status >= 500 {
            self.may_have_had(&effect);
        }
        self.note(effect, &response);
    }

    fn may_have_had(&self, effect: &Effect) {
        if let Effect::Made(_) = effect {
            self.history.unknown();
        }
    }

    fn note(&mut self, effect: Effect, response: &Response) {
        let data = &response.json()["data"];
        match effect {
            Effect::Page => self.cursor = data["nextCursor"].as_str().map(str::to_owned),
            Effect::Made(write) if response.status == 201 => {
                self.made(write, data["id"].as_str().unwrap_or_default());
            }
            Effect::Made(_) | Effect::Nothing => {}
        }
    }

    fn made(&self, write: Write, id: &str) {
        match &write.what {
            What::Project(name) => self.history.project(id, name, write.key.as_deref()),
            What::File { .. } => self.history.file(id, write.key.as_deref()),
        }
        self.workload.made(write);
    }
}
