//! Reconciliation of the stored resources with the history of responses.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::history::{Entries, History};
use super::resource::Presence;
use super::stored::{Listed, Stored};
use super::target::Target;
use super::workload::Workload;

/// Counts of resources of one kind.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reconciliation {
    /// Expected: acknowledged, or referred to by another resource.
    pub(super) acknowledged: u64,
    /// Deleted since.
    pub(super) deleted: u64,
    /// Stored.
    pub(super) found: u64,
    /// Neither deleted nor stored.
    pub(super) lost: u64,
    /// Stored twice, or stored but not expected.
    pub(super) duplicated: u64,
    /// Deleted but stored.
    pub(super) returned: u64,
}

/// Results of the reconciliation and of the load before it.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) projects: Reconciliation,
    /// Changes of the projects that exist, by their versions.
    pub(super) changes: Reconciliation,
    /// Reservations of names, compared with the projects that exist.
    pub(super) names: Reconciliation,
    pub(super) files: Reconciliation,
    /// Committed objects in the bucket, compared with the stored rows of files.
    pub(super) objects: Reconciliation,
    /// Pending objects without a row, which expire.
    pub(super) orphans: usize,
    /// Unexpected responses.
    pub(super) unexpected: usize,
    /// Descriptions of the first unexpected responses.
    pub(super) samples: Vec<String>,
    /// Creations whose effect is unknown. Each may explain one duplicate.
    pub(super) unknown: u64,
}

impl Findings {
    /// Returns the reconciliations with their names.
    pub(super) fn kinds(&self) -> [(&'static str, &Reconciliation); 5] {
        let Self { projects, changes, names, files, objects, .. } = self;
        [
            ("projects", projects),
            ("changes", changes),
            ("names", names),
            ("files", files),
            ("objects", objects),
        ]
    }

    /// Returns `true` if the stored data matches the responses.
    pub(super) fn pass(&self) -> bool {
        let matches = |kind: &Reconciliation| kind.lost == 0 && kind.returned == 0;
        let exact = [&self.changes, &self.names, &self.objects];
        self.unexpected == 0
            && self.kinds().iter().all(|(_, kind)| matches(kind) && kind.duplicated <= self.unknown)
            && exact.iter().all(|kind| kind.duplicated == 0)
    }
}

/// Reconciles projects through the API, and the rest through the emulators, because no route lists it.
pub(super) async fn findings(target: &Target, workload: &Workload, history: &History) -> Result<Findings> {
    let Stored { listed, names, files, committed, pending } = Stored::read(target, workload, history).await?;
    let entries = history.entries();
    let projects = entries.presences(|resource| resource.project.is_none());
    let projects = Reconciliation::compare(&projects, &listed.projects.keys().cloned().collect());
    Ok(Findings {
        projects: Reconciliation { duplicated: projects.duplicated + listed.duplicated, ..projects },
        changes: changes(&entries, &listed.projects),
        names: Reconciliation::compare(&present(listed.names()), &names),
        files: Reconciliation::compare(&entries.presences(|resource| resource.project.is_some()), &files),
        objects: Reconciliation::compare(&present(files.iter().cloned()), &committed),
        orphans: pending.difference(&files).count(),
        unexpected: entries.unexpected,
        samples: entries.samples,
        unknown: entries.unknown,
    })
}

impl Reconciliation {
    fn compare(expected: &BTreeMap<String, Presence>, found: &BTreeSet<String>) -> Self {
        let mut counts = Self { acknowledged: count(expected), found: count(found), ..Self::default() };
        for (id, presence) in expected {
            let is_found = found.contains(id);
            counts.deleted += u64::from(*presence == Presence::Deleted);
            counts.lost += u64::from(*presence == Presence::Present && !is_found);
            counts.returned += u64::from(*presence == Presence::Deleted && is_found);
        }
        counts.duplicated = count(found.iter().filter(|id| !expected.contains_key(*id)));
        counts
    }
}

/// Compares the versions of projects with the changes that were acknowledged, or may have taken effect.
fn changes(entries: &Entries, projects: &BTreeMap<String, Listed>) -> Reconciliation {
    let mut counts = Reconciliation::default();
    for (id, project) in projects {
        let resource = entries.resources.get(id);
        let (known, unknown) = resource.map_or((0, 0), |it| (it.changes(), it.unknown_changes));
        let found = project.version.saturating_sub(1);
        counts.acknowledged += known;
        counts.found += found;
        counts.lost += known.saturating_sub(found);
        counts.duplicated += found.saturating_sub(known + unknown);
    }
    counts
}

fn present(ids: impl Iterator<Item = String>) -> BTreeMap<String, Presence> {
    ids.map(|id| (id, Presence::Present)).collect()
}

fn count(items: impl IntoIterator) -> u64 {
    items.into_iter().map(|_| 1).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presence_is_compared_with_the_stored_ids() {
        use Presence::{Deleted, Perhaps, Present};
        let expected = [("a", Present), ("b", Present), ("c", Deleted), ("d", Deleted), ("e", Perhaps)];
        let expected = expected.map(|(id, presence)| (id.to_owned(), presence)).into();
        let counts = Reconciliation::compare(&expected, &["b", "d", "f"].map(str::to_owned).into());
        let expected =
            Reconciliation { acknowledged: 5, deleted: 2, found: 3, lost: 1, duplicated: 1, returned: 1 };
        assert_eq!(counts, expected);
    }

    #[test]
    fn only_unknown_effects_excuse_duplicates() {
        let findings = |lost, duplicated, returned, unknown| {
            let files = Reconciliation { lost, duplicated, returned, ..Reconciliation::default() };
            Findings { files, unknown, ..Findings::default() }
        };
        assert!(findings(0, 0, 0, 0).pass() && findings(0, 1, 0, 1).pass());
        assert!(!findings(1, 0, 0, 1).pass() && !findings(0, 0, 1, 1).pass() && !findings(0, 1, 0, 0).pass());
        let objects = Reconciliation { duplicated: 1, ..Reconciliation::default() };
        assert!(!Findings { objects, unknown: 1, ..Findings::default() }.pass());
    }
}
