//! One connection: its next request when the last one is answered. What must stay out: what is asked.

use super::Budget;
use super::ledger::Ledger;
use super::mix::Mix;
use super::question::{Effect, Question, What, Write};
use super::tally::Tally;
use fastrand::Rng;
use local::client::{Answer, Client};
use local::clock::Stopwatch;
use std::sync::Arc;

/// A client with a connection of its own.
pub(super) struct Worker {
    user: usize,
    mix: Arc<Mix>,
    ledger: Arc<Ledger>,
    client: Client,
    rng: Rng,
    cursor: Option<String>,
    tally: Tally,
}

impl Worker {
    /// The worker with this number, which asks the same things in the same order in every load.
    pub(super) fn new(user: usize, mix: Arc<Mix>, ledger: Arc<Ledger>) -> Self {
        let (client, rng) = (Client::new(&mix.url), Rng::with_seed(user as u64));
        Self { user, mix, ledger, client, rng, cursor: None, tally: Tally::default() }
    }

    /// Asks until the budget is spent.
    pub(super) async fn run(mut self, budget: Arc<Budget>) -> Tally {
        while budget.take() {
            let question = self.mix.next(&self.client, self.user, &mut self.rng, self.cursor.as_deref());
            self.ask(question).await;
        }
        self.tally
    }

    async fn ask(&mut self, question: Question) {
        let Question { function, draft, answers, effect } = question;
        let watch = Stopwatch::start();
        let answer = match draft.send().await {
            Ok(answer) => answer,
            Err(error) => {
                self.tally.unanswered += 1;
                self.ledger.mistake(format!("{function} got no answer: {error:#}"));
                return self.may_have_had(&effect);
            }
        };
        let verdict = answer.verdict();
        self.tally.note(function, verdict.clone(), watch.elapsed());
        if !answers.contains(&verdict.as_str()) {
            self.ledger
                .mistake(format!("{function} answered {verdict} in place of {}", answers.join(" or ")));
        }
        if answer.status >= 500 {
            self.may_have_had(&effect);
        }
        self.note(effect, &answer);
    }

    fn may_have_had(&self, effect: &Effect) {
        if let Effect::Made(_) = effect {
            self.ledger.unknown();
        }
    }

    fn note(&mut self, effect: Effect, answer: &Answer) {
        let data = &answer.json()["data"];
        match effect {
            Effect::Page => self.cursor = data["nextCursor"].as_str().map(str::to_owned),
            Effect::Made(write) if answer.status == 201 => {
                self.made(write, data["id"].as_str().unwrap_or_default());
            }
            Effect::Made(_) | Effect::Nothing => {}
        }
    }

    fn made(&self, write: Write, id: &str) {
        match &write.what {
            What::Project(name) => self.ledger.project(id, name, write.key.as_deref()),
            What::File { .. } => self.ledger.file(id, write.key.as_deref()),
        }
        self.mix.made(write);
    }
}
