//! With which calls between functions and emulators something goes wrong, and how often.
//! What must stay out: how it looks to the function.

use std::sync::{Arc, Mutex, PoisonError};

use super::breakpoint::{Breakpoint, Gate, Moment};
use super::call::Call;
use super::effects::{Effect, Fault};

/// Some of the calls that functions make.
#[derive(Debug, Clone)]
pub struct CallMatcher {
    operation: Option<String>,
    texts: Vec<String>,
    first: usize,
    last: usize,
}

/// What was asked to go wrong. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults(Arc<Mutex<Vec<Rule>>>);

/// Some calls go wrong until this is dropped.
#[derive(Debug)]
#[must_use = "without this nothing goes wrong"]
pub struct Outage {
    faults: Faults,
    rule: Arc<()>,
}

impl Drop for Outage {
    fn drop(&mut self) {
        self.faults.rules().retain(|rule| !Arc::ptr_eq(&rule.id, &self.rule));
    }
}

#[derive(Debug)]
struct Rule {
    id: Arc<()>,
    calls: CallMatcher,
    seen: usize,
    effect: Effect,
}

impl CallMatcher {
    /// All calls of this operation, named as in [`Call`].
    #[must_use]
    pub fn of(operation: &str) -> Self {
        Self { operation: Some(operation.to_owned()), ..Self::any() }
    }

    /// All calls.
    #[must_use]
    pub fn any() -> Self {
        Self { operation: None, texts: Vec::new(), first: 1, last: usize::MAX }
    }

    /// Those of them with this text in their body or target.
    #[must_use]
    pub fn with(mut self, text: &str) -> Self {
        self.texts.push(text.to_owned());
        self
    }

    /// The first of them only.
    #[must_use]
    pub fn first(self, count: usize) -> Self {
        Self { last: count, ..self }
    }

    /// The one of them with this number, counted from 1.
    #[must_use]
    pub fn number(self, number: usize) -> Self {
        Self { first: number, last: number, ..self }
    }

    fn match_call(&self, call: &Call, body: &[u8]) -> bool {
        let named = self.operation.as_ref().is_none_or(|operation| *operation == call.operation);
        let body = String::from_utf8_lossy(body);
        named && self.texts.iter().all(|text| call.target.contains(text) || body.contains(text))
    }
}

impl Faults {
    pub(super) fn fail(&self, calls: CallMatcher, fault: Fault) -> Outage {
        Outage { faults: self.clone(), rule: self.add(calls, Effect::Fault(fault)) }
    }

    pub(super) fn hold(&self, calls: CallMatcher, moment: Moment) -> Breakpoint {
        let (gate, hold) = Gate::new();
        self.add(calls, Effect::Breakpoint(moment, gate));
        hold
    }

    fn add(&self, calls: CallMatcher, effect: Effect) -> Arc<()> {
        let id = Arc::new(());
        self.rules().push(Rule { id: Arc::clone(&id), calls, seen: 0, effect });
        id
    }

    /// What the oldest rule that means this call does to it. All that mean calls like it count it.
    pub(super) fn effect(&self, call: &Call, body: &[u8]) -> Option<Effect> {
        let mut effect = None;
        for rule in self.rules().iter_mut().filter(|rule| rule.calls.match_call(call, body)) {
            rule.seen += 1;
            if effect.is_none() && (rule.calls.first..=rule.calls.last).contains(&rule.seen) {
                effect = Some(rule.effect.clone());
            }
        }
        effect
    }

    fn rules(&self) -> std::sync::MutexGuard<'_, Vec<Rule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
