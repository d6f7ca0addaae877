//! Reconciliation of the stored resources with the history of responses.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use local::client::Client;
use local::requests::projects;

use super::history::History;
use super::target::Target;
use super::workload::Workload;

/// Counts of resources of one kind.
#[derive(Debug, Default)]
pub(super) struct Reconciliation {
    /// Acknowledged with 201.
    pub(super) acknowledged: usize,
    /// Stored.
    pub(super) found: usize,
    /// Acknowledged but not stored.
    pub(super) lost: usize,
    /// Stored twice, or stored but not acknowledged.
    pub(super) duplicated: usize,
}

/// Results of the reconciliation and of the load before it.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) projects: Reconciliation,
    pub(super) files: Reconciliation,
    /// Objects in the bucket, compared with the stored rows of files.
    pub(super) objects: Reconciliation,
    /// Objects of stored rows that are still tagged as pending and would expire.
    pub(super) pending: usize,
    /// Unexpected responses.
    pub(super) unexpected: usize,
    /// Descriptions of the first unexpected responses.
    pub(super) samples: Vec<String>,
    /// Requests whose effect is unknown. Each may explain one duplicate.
    pub(super) unknown: usize,
}

impl Findings {
    /// Returns `true` if the stored data matches the responses.
    pub(super) fn pass(&self) -> bool {
        let kinds = [&self.projects, &self.files, &self.objects];
        self.unexpected == 0
            && self.pending == 0
            && kinds.iter().all(|kind| kind.lost == 0 && kind.duplicated <= self.unknown)
    }
}

/// Reconciles projects through the API, and files and objects through the emulators, because no route lists those.
pub(super) async fn findings(target: &Target, workload: &Workload, history: &History) -> Result<Findings> {
    let entries = history.entries();
    let listed = listed(target, workload).await?;
    let rows = file_rows(target, workload).await?;
    let projects = entries.projects.into_keys().chain([workload.project().to_owned()]).collect();
    let pending = tagged(target, rows.values()).await?;
    Ok(Findings {
        pending,
        projects: Reconciliation { duplicated: listed.duplicated, ..Reconciliation::default() }
            .compare(&projects, &listed.ids),
        files: Reconciliation::default().compare(&entries.files, &rows.keys().cloned().collect()),
        objects: Reconciliation::default()
            .compare(&rows.into_values().collect(), &objects(target, workload).await?),
        unexpected: entries.unexpected,
        samples: entries.samples,
        unknown: entries.unknown,
    })
}

impl Reconciliation {
    fn compare(mut self, acknowledged: &BTreeSet<String>, found: &BTreeSet<String>) -> Self {
        (self.acknowledged, self.found) = (acknowledged.len(), found.len());
        self.lost = acknowledged.difference(found).count();
        self.duplicated += found.difference(acknowledged).count();
        self
    }
}

/// Projects as the API lists them on all pages.
#[derive(Default)]
struct Listed {
    ids: BTreeSet<String>,
    names: BTreeSet<String>,
    duplicated: usize,
}

async fn listed(target: &Target, workload: &Workload) -> Result<Listed> {
    let (client, mut listed, mut query) =
        (Client::new(&target.url), Listed::default(), "?limit=100".to_owned());
    loop {
        let page = client
            .get(&format!("{}{query}", projects(&workload.organization)))
            .bearer(workload.token(0))
            .send()
            .await?;
        ensure!(page.status == 200, "the list of projects returned {}", page.status_and_code());
        let data = &page.json()["data"];
        for project in data["projects"].as_array().into_iter().flatten() {
            let text = |name: &str| project[name].as_str().unwrap_or_default().to_lowercase();
            // Both sets need the project, so `&&` must not skip the second insert.
            let (new_id, new_name) = (listed.ids.insert(text("id")), listed.names.insert(text("name")));
            listed.duplicated += usize::from(!(new_id && new_name));
        }
        let Some(cursor) = data["nextCursor"].as_str() else { return Ok(listed) };
        query = format!("?limit=100&cursor={cursor}");
    }
}

/// Reads the rows of files: their ids, with the keys of their objects.
async fn file_rows(target: &Target, workload: &Workload) -> Result<BTreeMap<String, String>> {
    let scan = target.emulators.dynamodb().scan().table_name(target.emulators.table("ProjectsTable"));
    let files = format!("ORG#{}#FILE#", workload.organization);
    let mut pages = scan
        .filter_expression("begins_with(pk, :files)")
        .expression_attribute_values(":files", AttributeValue::S(files))
        .consistent_read(true)
        .into_paginator()
        .items()
        .send();
    let mut rows = BTreeMap::new();
    while let Some(row) = pages.next().await {
        let row = row.context("the files can't be read")?;
        let id = row.get("id").and_then(|id| id.as_s().ok()).context("a file without an id")?;
        rows.insert(id.clone(), format!("orgs/{}/{id}", workload.organization));
    }
    Ok(rows)
}

/// Counts the objects that have a tag.
async fn tagged(target: &Target, objects: impl Iterator<Item = &String>) -> Result<usize> {
    let (client, mut tagged) = (target.emulators.s3(), 0);
    for object in objects {
        let bucket = target.emulators.bucket("UploadsBucket");
        // A missing object counts as lost elsewhere.
        let tags = client.get_object_tagging().bucket(bucket).key(object).send().await;
        tagged += usize::from(tags.is_ok_and(|tags| !tags.tag_set().is_empty()));
    }
    Ok(tagged)
}

/// Lists the keys of the organization's objects.
async fn objects(target: &Target, workload: &Workload) -> Result<BTreeSet<String>> {
    let list = target.emulators.s3().list_objects_v2().bucket(target.emulators.bucket("UploadsBucket"));
    let mut pages = list.prefix(format!("orgs/{}/", workload.organization)).into_paginator().send();
    let mut keys = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let page = page.context("the bucket can't be listed")?;
        keys.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_is_lost_and_unacknowledged_is_duplicated() {
        let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let counts = Reconciliation::default().compare(&set(&["a", "b", "c"]), &set(&["b", "c", "d", "e"]));
        assert_eq!((counts.acknowledged, counts.found, counts.lost, counts.duplicated), (3, 4, 1, 2));
    }

    #[test]
    fn only_unknown_effects_excuse_duplicates() {
        let findings = |lost, duplicated, unknown| {
            let files = Reconciliation { lost, duplicated, ..Reconciliation::default() };
            Findings { files, unknown, ..Findings::default() }
        };
        assert!(findings(0, 0, 0).pass() && findings(0, 1, 1).pass());
        assert!(!findings(1, 0, 1).pass() && !findings(0, 1, 0).pass());
        assert!(!Findings { pending: 1, ..Findings::default() }.pass());
    }
}
