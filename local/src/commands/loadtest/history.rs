//! What the service has answered, as far as it can be held to it. What must stay out: what is there in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// How many mistakes are told one by one.
const MAX_SAMPLES: usize = 20;

/// What all connections know together.
#[derive(Debug, Default)]
pub(super) struct History(Mutex<Entries>);

/// What was answered.
#[derive(Debug, Default, Clone)]
pub(super) struct Entries {
    /// The ids of projects that were answered 201, with their names.
    pub(super) projects: BTreeMap<String, String>,
    /// The ids of files that were answered 201.
    pub(super) files: BTreeSet<String>,
    /// What each idempotency key was answered with.
    keys: BTreeMap<String, String>,
    /// Requests that may have had an effect that nobody was told of.
    pub(super) unknown: usize,
    /// Answers that were not right.
    pub(super) wrong: usize,
    /// Some of them, in words.
    pub(super) samples: Vec<String>,
}

impl History {
    /// Notes a project that was answered 201.
    pub(super) fn project(&self, id: &str, name: &str, key: Option<&str>) {
        let mut entries = self.entries();
        entries.answered(id, key);
        let known = entries.projects.insert(id.to_owned(), name.to_owned());
        if known.is_some_and(|known| known != name) {
            entries.mistake(format!("the project {id} was made of two requests, {name} is one"));
        }
    }

    /// Notes a file that was answered 201.
    pub(super) fn file(&self, id: &str, key: Option<&str>) {
        let mut entries = self.entries();
        entries.answered(id, key);
        if !entries.files.insert(id.to_owned()) && key.is_none() {
            entries.mistake(format!("the file {id} was answered twice"));
        }
    }

    /// Notes an answer that was not right.
    pub(super) fn mistake(&self, what: String) {
        self.entries().mistake(what);
    }

    /// Notes a request whose effect is unknown.
    pub(super) fn unknown(&self) {
        self.entries().unknown += 1;
    }

    /// All of it.
    pub(super) fn all(&self) -> Entries {
        self.entries().clone()
    }

    fn entries(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn answered(&mut self, id: &str, key: Option<&str>) {
        let Some(key) = key else { return };
        let first = self.keys.entry(key.to_owned()).or_insert_with(|| id.to_owned()).clone();
        if first != id {
            self.mistake(format!("the key {key} was answered with {first} and with {id}"));
        }
    }

    fn mistake(&mut self, what: String) {
        self.wrong += 1;
        if self.samples.len() < MAX_SAMPLES {
            self.samples.push(what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_request_is_answered_with_the_same_thing_and_no_other_with_it() {
        let history = History::default();
        history.project("1", "a", Some("key"));
        history.project("1", "a", Some("key"));
        history.file("2", None);
        assert_eq!(history.all().samples, [""; 0]);
        history.project("3", "a", Some("key"));
        history.project("1", "b", None);
        history.file("2", None);
        assert_eq!(history.all().wrong, 3, "{:?}", history.all().samples);
    }
}
