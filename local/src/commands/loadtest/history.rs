//! History of the service's responses, and the contradictions in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// Maximum unexpected responses that are described.
const MAX_SAMPLES: usize = 20;

/// History of all connections.
#[derive(Debug, Default)]
pub(super) struct History(Mutex<Entries>);

/// Entries of the history.
#[derive(Debug, Default, Clone)]
pub(super) struct Entries {
    /// Names of the projects that were acknowledged with 201, by id.
    pub(super) projects: BTreeMap<String, String>,
    /// Ids of the files that were acknowledged with 201.
    pub(super) files: BTreeSet<String>,
    /// Ids of the created resources, by idempotency key.
    keys: BTreeMap<String, String>,
    /// Requests whose effect is unknown.
    pub(super) unknown: usize,
    /// Unexpected responses.
    pub(super) unexpected: usize,
    /// Descriptions of the first unexpected responses.
    pub(super) samples: Vec<String>,
}

impl History {
    /// Records a project that was acknowledged with 201.
    pub(super) fn project(&self, id: &str, name: &str, key: Option<&str>) {
        let mut entries = self.lock();
        entries.check_key(id, key);
        let known = entries.projects.insert(id.to_owned(), name.to_owned());
        if known.is_some_and(|known| known != name) {
            entries.unexpected(format!(
                "two requests created the project {id}, one of them with the name {name}"
            ));
        }
    }

    /// Records a file that was acknowledged with 201.
    pub(super) fn file(&self, id: &str, key: Option<&str>) {
        let mut entries = self.lock();
        entries.check_key(id, key);
        if !entries.files.insert(id.to_owned()) && key.is_none() {
            entries.unexpected(format!("two requests created the file {id}"));
        }
    }

    /// Records an unexpected response.
    pub(super) fn unexpected(&self, sample: String) {
        self.lock().unexpected(sample);
    }

    /// Records a request whose effect is unknown.
    pub(super) fn unknown(&self) {
        self.lock().unknown += 1;
    }

    /// Returns a copy of the entries.
    pub(super) fn entries(&self) -> Entries {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    /// Checks that all requests with one key got the same id.
    fn check_key(&mut self, id: &str, key: Option<&str>) {
        let Some(key) = key else { return };
        let first = self.keys.entry(key.to_owned()).or_insert_with(|| id.to_owned()).clone();
        if first != id {
            self.unexpected(format!("requests with the key {key} returned {first} and {id}"));
        }
    }

    fn unexpected(&mut self, sample: String) {
        self.unexpected += 1;
        if self.samples.len() < MAX_SAMPLES {
            self.samples.push(sample);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradictory_responses_are_unexpected() {
        let history = History::default();
        history.project("1", "a", Some("key"));
        history.project("1", "a", Some("key"));
        history.file("2", None);
        assert_eq!(history.entries().samples, [""; 0]);
        history.project("3", "a", Some("key"));
        history.project("1", "b", None);
        history.file("2", None);
        assert_eq!(history.entries().unexpected, 3, "{:?}", history.entries().samples);
    }
}
