//! Fault injection: rules for the calls between functions and emulators.

use std::sync::{Arc, Mutex, PoisonError};

use super::breakpoint::{Breakpoint, Gate, Moment};
use super::call::Call;
use super::effects::{Effect, Fault};

/// Matcher of calls that functions make.
#[derive(Debug, Clone)]
pub struct CallMatcher {
    operation: Option<String>,
    texts: Vec<String>,
    first: usize,
    last: usize,
}

/// Rules of a proxy. Clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults(Arc<Mutex<Vec<Rule>>>);

/// Guard of a fault: matching calls fail until it is dropped.
#[derive(Debug)]
#[must_use = "dropping it ends the outage"]
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
    /// Matches all calls of this operation, named as in [`Call`].
    #[must_use]
    pub fn of(operation: &str) -> Self {
        Self { operation: Some(operation.to_owned()), ..Self::any() }
    }

    /// Matches all calls.
    #[must_use]
    pub fn any() -> Self {
        Self { operation: None, texts: Vec::new(), first: 1, last: usize::MAX }
    }

    /// Matches only those with this text in their body or target.
    #[must_use]
    pub fn with(mut self, text: &str) -> Self {
        self.texts.push(text.to_owned());
        self
    }

    /// Matches only the first `count` of them.
    #[must_use]
    pub fn first(self, count: usize) -> Self {
        Self { last: count, ..self }
    }

    /// Matches only the one with this number, counted from 1.
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
        let (gate, breakpoint) = Gate::new();
        self.add(calls, Effect::Breakpoint(moment, gate));
        breakpoint
    }

    fn add(&self, calls: CallMatcher, effect: Effect) -> Arc<()> {
        let id = Arc::new(());
        self.rules().push(Rule { id: Arc::clone(&id), calls, seen: 0, effect });
        id
    }

    /// Returns the effect of the oldest matching rule. Every matching rule counts the call.
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
