//! History of the service's responses, and the contradictions in it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::resource::{Presence, Resource};

/// Maximum unexpected responses that are described.
const MAX_SAMPLES: usize = 20;

/// History of all connections.
#[derive(Debug, Default)]
pub(super) struct History(Mutex<Entries>);

/// Entries of the history.
#[derive(Debug, Default, Clone)]
pub(super) struct Entries {
    /// Projects and files, by id.
    pub(super) resources: BTreeMap<String, Resource>,
    /// Ids of the created resources, by idempotency key.
    keys: BTreeMap<String, String>,
    /// Number of responses that changed something.
    time: u64,
    /// Creations whose effect is unknown.
    pub(super) unknown: u64,
    /// Unexpected responses.
    pub(super) unexpected: usize,
    /// Descriptions of the first unexpected responses.
    pub(super) samples: Vec<String>,
}

impl History {
    /// Returns the time, which orders requests after the responses that came before.
    pub(super) fn time(&self) -> u64 {
        self.lock().time
    }

    /// Records a resource that was acknowledged with 201; a file with its project.
    pub(super) fn created(&self, resource: &Value, key: Option<&str>) {
        let id = text(&resource["id"]);
        self.record(&id, |entries, time| {
            entries.check_key(&id, key);
            let known = entries.resources.entry(id.clone()).or_default();
            known.project = resource["projectId"].as_str().map(str::to_owned);
            let is_second = std::mem::replace(&mut known.is_acknowledged, true) && key.is_none();
            // A replay has the first version, so it counts as sent at the beginning.
            known.see(resource, 0, time).or(is_second.then_some("two requests created it"))
        });
    }

    /// Records a resource in the response to a request of the time `sent`.
    pub(super) fn seen(&self, resource: &Value, sent: u64) {
        let id = text(&resource["id"]);
        self.record(&id, |entries, time| {
            let returned = entries.was_deleted(&id, sent).then_some("it came back");
            returned.or(entries.resources.entry(id.clone()).or_default().see(resource, sent, time))
        });
    }

    /// Records an acknowledged change of a version, or of any.
    pub(super) fn changed(&self, resource: &Value, condition: Option<u64>) {
        let (id, version) = (text(&resource["id"]), resource["version"].as_u64().unwrap_or_default());
        self.record(&id, |entries, time| {
            let skipped = condition.is_some_and(|condition| version != condition + 1);
            let given = entries.resources.entry(id.clone()).or_default().give(version, time);
            given.or(skipped.then_some("a change took effect on another version"))
        });
    }

    /// Records that a deletion is sent.
    pub(super) fn deleting(&self, id: &str) {
        self.record(id, |entries, _| {
            entries.resources.entry(id.to_owned()).or_default().may_go = true;
            None
        });
    }

    /// Records a deletion that was acknowledged with 204, of a version, or of any. It takes the next version.
    pub(super) fn deleted(&self, id: &str, condition: Option<u64>) {
        self.record(id, |entries, time| {
            let resource = entries.resources.entry(id.to_owned()).or_default();
            let given = condition.and_then(|condition| resource.give(condition + 1, time));
            given.or(resource.deleted.replace(time).map(|_| "it was deleted twice"))
        });
    }

    /// Records if a request of the time `sent` found the resource in its path.
    pub(super) fn met(&self, id: &str, sent: u64, is_found: bool) {
        self.record(id, |entries, _| {
            if is_found {
                entries.was_deleted(id, sent).then_some("it was found after its deletion")
            } else {
                (!entries.family(id).any(|it| it.may_go)).then_some("it is gone without a deletion")
            }
        });
    }

    /// Records an unexpected response.
    pub(super) fn unexpected(&self, sample: String) {
        self.lock().unexpected(sample);
    }

    /// Records a creation whose effect is unknown.
    pub(super) fn unknown_creation(&self) {
        self.lock().unknown += 1;
    }

    /// Records a change or deletion of a resource whose effect is unknown.
    pub(super) fn unknown(&self, id: &str, is_deletion: bool) {
        let mut entries = self.lock();
        let resource = entries.resources.entry(id.to_owned()).or_default();
        resource.may_be_gone |= is_deletion;
        resource.unknown_changes += u64::from(!is_deletion);
    }

    /// Returns a copy of the entries.
    pub(super) fn entries(&self) -> Entries {
        self.lock().clone()
    }

    fn record(&self, id: &str, record: impl FnOnce(&mut Entries, u64) -> Option<&'static str>) {
        let mut entries = self.lock();
        entries.time += 1;
        let time = entries.time;
        if let Some(contradiction) = record(&mut entries, time) {
            entries.unexpected(format!("{id}: {contradiction}"));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    /// Returns the presences of the acknowledged resources of a kind.
    pub(super) fn presences(&self, kind: impl Fn(&Resource) -> bool) -> BTreeMap<String, Presence> {
        let acknowledged = self.resources.iter().filter(|(_, it)| it.is_acknowledged && kind(it));
        acknowledged.map(|(id, _)| (id.clone(), self.presence(id))).collect()
    }

    /// Returns the presence of a resource after all responses. A file goes with its project.
    pub(super) fn presence(&self, id: &str) -> Presence {
        if self.was_deleted(id, self.time) {
            Presence::Deleted
        } else if self.family(id).any(|it| it.may_be_gone) {
            Presence::Perhaps
        } else {
            Presence::Present
        }
    }

    /// Returns `true` if the deletion of a resource had been acknowledged at a time.
    fn was_deleted(&self, id: &str, time: u64) -> bool {
        self.family(id).any(|it| it.deleted.is_some_and(|deleted| deleted <= time))
    }

    /// Returns a resource and, of a file, its project.
    fn family(&self, id: &str) -> impl Iterator<Item = &Resource> {
        let resource = self.resources.get(id);
        let project = resource.and_then(|file| self.resources.get(file.project.as_ref()?));
        resource.into_iter().chain(project)
    }

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

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn contradictory_creations_are_unexpected() {
        let (history, project) = (History::default(), json!({"id": "1", "version": 1, "name": "a"}));
        history.created(&project, Some("key"));
        history.created(&project, Some("key"));
        history.created(&json!({"id": "2", "projectId": "1"}), None);
        assert_eq!(history.entries().samples, [""; 0]);
        history.created(&json!({"id": "3", "version": 1}), Some("key"));
        history.created(&json!({"id": "1", "version": 1, "name": "b"}), None);
        history.created(&json!({"id": "2", "projectId": "1"}), None);
        assert_eq!(history.entries().unexpected, 3, "{:?}", history.entries().samples);
    }

    #[test]
    fn contradictory_deletions_are_unexpected() {
        let (history, file) = (History::default(), json!({"id": "2", "projectId": "1"}));
        history.created(&json!({"id": "1", "version": 1}), None);
        history.created(&file, None);
        let sent = history.time();
        history.met("2", sent, true);
        history.deleting("1");
        history.met("2", sent, false);
        history.deleted("1", Some(1));
        history.seen(&file, sent);
        assert_eq!(history.entries().samples, [""; 0]);
        assert_eq!(history.entries().presence("2"), Presence::Deleted);
        history.seen(&file, history.time());
        history.deleted("1", None);
        history.changed(&json!({"id": "1", "version": 2}), Some(1));
        assert_eq!(history.entries().unexpected, 3, "{:?}", history.entries().samples);
    }
}
