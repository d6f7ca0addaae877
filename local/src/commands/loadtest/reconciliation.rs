//! What is there in the end, compared with what was answered. What must stay out: printing it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use local::client::Client;
use local::requests::projects;

use super::history::History;
use super::target::Target;
use super::workload::Workload;

/// What became of the things of one kind.
#[derive(Debug, Default)]
pub(super) struct Reconciliation {
    /// How many were answered 201.
    pub(super) answered: usize,
    /// How many there are.
    pub(super) found: usize,
    /// Answered 201 and not there.
    pub(super) lost: usize,
    /// There twice, or there without any answer that says so.
    pub(super) doubled: usize,
}

/// What was found, and what was wrong on the way.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) projects: Reconciliation,
    pub(super) files: Reconciliation,
    /// Objects in the bucket, in place of the files that were answered.
    pub(super) objects: Reconciliation,
    /// Objects of files that the bucket would still sweep, as they have a tag.
    pub(super) swept: usize,
    /// Answers that were not right.
    pub(super) wrong: usize,
    /// Some of them, in words.
    pub(super) samples: Vec<String>,
    /// Requests that may have had an effect that nobody was told of, so that as many may be there too much.
    pub(super) unknown: usize,
}

impl Findings {
    /// Whether all is as it was answered.
    pub(super) fn are_good(&self) -> bool {
        let fates = [&self.projects, &self.files, &self.objects];
        self.wrong == 0
            && self.swept == 0
            && fates.iter().all(|fate| fate.lost == 0 && fate.doubled <= self.unknown)
    }
}

/// Looks at all projects by way of the API, and at files and objects by way of the emulators, as no route lists those.
pub(super) async fn findings(target: &Target, workload: &Workload, history: &History) -> Result<Findings> {
    let answered = history.all();
    let listed = listed(target, workload).await?;
    let rows = file_rows(target, workload).await?;
    let projects = answered.projects.into_keys().chain([workload.project().to_owned()]).collect();
    let swept = tagged(target, rows.values()).await?;
    Ok(Findings {
        swept,
        projects: Reconciliation { doubled: listed.doubled, ..Reconciliation::default() }
            .compare(&projects, &listed.ids),
        files: Reconciliation::default().compare(&answered.files, &rows.keys().cloned().collect()),
        objects: Reconciliation::default()
            .compare(&rows.into_values().collect(), &objects(target, workload).await?),
        wrong: answered.wrong,
        samples: answered.samples,
        unknown: answered.unknown,
    })
}

impl Reconciliation {
    fn compare(mut self, answered: &BTreeSet<String>, found: &BTreeSet<String>) -> Self {
        (self.answered, self.found) = (answered.len(), found.len());
        self.lost = answered.difference(found).count();
        self.doubled += found.difference(answered).count();
        self
    }
}

/// The projects as the API lists them, from the first page to the last.
#[derive(Default)]
struct Listed {
    ids: BTreeSet<String>,
    names: BTreeSet<String>,
    doubled: usize,
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
        ensure!(page.status == 200, "the list of all projects was answered {}", page.status_and_code());
        let data = &page.json()["data"];
        for project in data["projects"].as_array().into_iter().flatten() {
            let text = |name: &str| project[name].as_str().unwrap_or_default().to_lowercase();
            // As one condition, a project that is listed twice would count twice.
            let (new_id, new_name) = (listed.ids.insert(text("id")), listed.names.insert(text("name")));
            listed.doubled += usize::from(!(new_id && new_name));
        }
        let Some(cursor) = data["nextCursor"].as_str() else { return Ok(listed) };
        query = format!("?limit=100&cursor={cursor}");
    }
}

/// The ids of the files that the table knows, with their objects.
async fn file_rows(target: &Target, workload: &Workload) -> Result<BTreeMap<String, String>> {
    let query = target.emulators.dynamodb().query().table_name(target.emulators.table("ProjectsTable"));
    let mut pages = query
        .key_condition_expression("pk = :organization AND begins_with(sk, :file)")
        .expression_attribute_values(
            ":organization",
            AttributeValue::S(format!("ORG#{}", workload.organization)),
        )
        .expression_attribute_values(":file", AttributeValue::S("FILE#".to_owned()))
        .consistent_read(true)
        .into_paginator()
        .items()
        .send();
    let mut rows = BTreeMap::new();
    while let Some(row) = pages.next().await {
        let row = row.context("the files can't be read")?;
        let text = |name: &str| Some(row.get(name)?.as_s().ok()?.clone());
        rows.insert(
            text("id").context("a file without an id")?,
            text("object").context("a file without an object")?,
        );
    }
    Ok(rows)
}

/// How many of these objects have a tag.
async fn tagged(target: &Target, objects: impl Iterator<Item = &String>) -> Result<usize> {
    let (client, mut tagged) = (target.emulators.s3(), 0);
    for object in objects {
        let bucket = target.emulators.bucket("UploadsBucket");
        // A lost object is noted elsewhere.
        let tags = client.get_object_tagging().bucket(bucket).key(object).send().await;
        tagged += usize::from(tags.is_ok_and(|tags| !tags.tag_set().is_empty()));
    }
    Ok(tagged)
}

/// The keys of the organization's objects.
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
    fn what_is_missing_is_lost_and_what_nobody_was_told_of_is_doubled() {
        let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let fate = Reconciliation::default().compare(&set(&["a", "b", "c"]), &set(&["b", "c", "d", "e"]));
        assert_eq!((fate.answered, fate.found, fate.lost, fate.doubled), (3, 4, 1, 2));
    }

    #[test]
    fn one_loss_is_too_much_and_a_double_only_if_no_request_can_explain_it() {
        let findings = |lost, doubled, unknown| {
            let files = Reconciliation { lost, doubled, ..Reconciliation::default() };
            Findings { files, unknown, ..Findings::default() }
        };
        assert!(findings(0, 0, 0).are_good() && findings(0, 1, 1).are_good());
        assert!(!findings(1, 0, 1).are_good() && !findings(0, 1, 0).are_good());
        assert!(!Findings { swept: 1, ..Findings::default() }.are_good());
    }
}
