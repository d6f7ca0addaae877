//! State of one resource, by the responses so far.

use std::collections::BTreeMap;

use serde_json::Value;

/// Project or file.
#[derive(Debug, Default, Clone)]
pub(super) struct Resource {
    /// Project of a file.
    pub(super) project: Option<String>,
    /// Set if its creation was acknowledged with 201.
    pub(super) is_acknowledged: bool,
    /// Set if a deletion was sent.
    pub(super) may_go: bool,
    /// Set if the effect of a deletion is unknown.
    pub(super) may_be_gone: bool,
    /// Time at which its deletion was acknowledged with 204.
    pub(super) deleted: Option<u64>,
    /// Number of changes whose effect is unknown.
    pub(super) unknown_changes: u64,
    versions: BTreeMap<u64, Version>,
}

#[derive(Debug, Clone)]
struct Version {
    /// Whole resource; null if it is unknown.
    content: Value,
    /// Time of the first response with this version.
    since: u64,
    /// Set if a change was acknowledged with this version.
    is_given: bool,
}

/// Presence of a resource after all responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Present,
    /// The effect of a deletion is unknown.
    Perhaps,
    Deleted,
}

impl Resource {
    /// Records a response to a request of the time `sent`. Returns a contradiction to earlier ones.
    pub(super) fn see(&mut self, content: &Value, sent: u64, now: u64) -> Option<&'static str> {
        let number = content["version"].as_u64()?;
        let is_old = self.versions.range(number + 1..).any(|(_, later)| later.since <= sent);
        let version = self.version(number, now);
        if version.content.is_null() {
            version.content = content.clone();
        }
        let differs = version.content != *content;
        differs.then_some("one version has two contents").or(is_old.then_some("an old version was read"))
    }

    /// Records that a change, or a deletion of the version before, was acknowledged. Returns a contradiction.
    pub(super) fn give(&mut self, version: u64, now: u64) -> Option<&'static str> {
        let version = self.version(version, now);
        std::mem::replace(&mut version.is_given, true).then_some("one version was given twice")
    }

    /// Counts the acknowledged changes.
    pub(super) fn changes(&self) -> u64 {
        self.versions.values().map(|version| u64::from(version.is_given)).sum()
    }

    fn version(&mut self, number: u64, now: u64) -> &mut Version {
        let unknown = || Version { content: Value::Null, since: now, is_given: false };
        self.versions.entry(number).or_insert_with(unknown)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn contradictory_versions_are_found() {
        let mut project = Resource::default();
        let (first, second) = (json!({"version": 1}), json!({"version": 2}));
        assert_eq!((project.see(&first, 0, 1), project.see(&second, 1, 2)), (None, None));
        assert_eq!(project.see(&first, 1, 3), None, "it may have been read before the change");
        assert!(project.see(&first, 2, 4).is_some());
        assert!(project.see(&json!({"version": 2, "name": "b"}), 2, 5).is_some());
        assert_eq!((project.give(2, 6), project.changes()), (None, 1));
        assert!(project.give(2, 7).is_some());
    }
}
