//! Stored data after the load: rows, objects, and the API's list of projects.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::AttributeValue;
use local::client::{Client, Response};
use local::clock::Stopwatch;
use local::emulators::StoredObject;
use local::requests::{FORM, PNG, files, form, projects, sha256};
use serde_json::json;

use super::history::History;
use super::target::Target;
use super::workload::Workload;

/// Longest time in which the function that follows the stream deletes everything.
const SETTLE_TIMEOUT: Duration = Duration::from_mins(1);

/// Period of checking if it has.
const PERIOD: Duration = Duration::from_millis(100);

/// Bucket, by its logical id.
const BUCKET: &str = "UploadsBucket";

/// Stored data of the organization.
pub(super) struct Stored {
    pub(super) listed: List,
    /// Reserved names, as in [`List::names`].
    pub(super) names: BTreeSet<String>,
    /// Ids of the rows of files.
    pub(super) files: BTreeSet<String>,
    /// Ids of the files of objects without a tag.
    pub(super) committed: BTreeSet<String>,
    /// Ids of the files of objects with a tag.
    pub(super) pending: BTreeSet<String>,
}

/// Projects as the API lists them on all pages.
#[derive(Default)]
pub(super) struct List {
    pub(super) projects: BTreeMap<String, Listed>,
    /// Projects that were listed again.
    pub(super) duplicated: u64,
}

/// Project in the list.
pub(super) struct Listed {
    name: String,
    pub(super) version: u64,
}

impl List {
    /// Returns the reservations that the projects should have: the hash of the name, and the id.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        let hash = |name: &str| sha256(name.to_lowercase().as_bytes());
        self.projects.iter().map(move |(id, project)| format!("{} {id}", hash(&project.name)))
    }
}

impl Stored {
    /// Reads everything, after the function that follows the stream has deleted its part. Records listed projects.
    pub(super) async fn read(target: &Target, workload: &Workload, history: &History) -> Result<Self> {
        settle(target, workload).await?;
        let reservation = |(key, id): (String, String)| format!("{} {id}", key.rsplit('#').next()?).into();
        let (committed, pending) = objects(target, workload).await?;
        Ok(Self {
            listed: listed(target, workload, history).await?,
            names: rows(target, workload, "NAME").await?.into_iter().filter_map(reservation).collect(),
            files: rows(target, workload, "FILE").await?.into_iter().map(|(_, id)| id).collect(),
            committed,
            pending,
        })
    }
}

/// Deletes a project with a file, and waits until the object is deleted too. An emulator's stream has one shard, so all
/// earlier deletions have their effect by then.
async fn settle(target: &Target, workload: &Workload) -> Result<()> {
    let (client, path) = (Client::new(&target.url), projects(&workload.organization));
    let request = |method, path: &str| client.request(method, path).bearer(workload.token(0));
    let project = created(&request("POST", &path).json(&json!({ "name": "Last" })).send().await?)?;
    let upload = request("POST", &files(&workload.organization, &project));
    let file = created(&upload.body(FORM, form("last.png", "image/png", PNG)).send().await?)?;
    let deleted = request("DELETE", &format!("{path}/{project}")).send().await?;
    ensure!(deleted.status == 204, "deleting a project returned {}", deleted.status_and_code());
    let (key, watch) = (format!("orgs/{}/{file}", workload.organization), Stopwatch::start());
    while !target.emulators.list_objects(BUCKET, &key).await?.is_empty() {
        ensure!(
            watch.elapsed() < SETTLE_TIMEOUT,
            "the file of a deleted project exists after {SETTLE_TIMEOUT:?}"
        );
        tokio::time::sleep(PERIOD).await;
    }
    Ok(())
}

/// Returns the id of a created resource.
fn created(response: &Response) -> Result<String> {
    ensure!(response.status == 201, "creating a resource returned {}", response.status_and_code());
    response.json()["data"]["id"].as_str().map(str::to_owned).context("a resource without an id")
}

async fn listed(target: &Target, workload: &Workload, history: &History) -> Result<List> {
    let (client, mut list, mut query) = (Client::new(&target.url), List::default(), "?limit=100".to_owned());
    loop {
        let page = client
            .get(&format!("{}{query}", projects(&workload.organization)))
            .bearer(workload.token(0))
            .send()
            .await?;
        ensure!(page.status == 200, "the list of projects returned {}", page.status_and_code());
        let data = &page.json()["data"];
        for project in data["projects"].as_array().into_iter().flatten() {
            history.seen(project, history.time());
            let text = |name: &str| project[name].as_str().unwrap_or_default().to_owned();
            let version = project["version"].as_u64().unwrap_or_default();
            let known = list.projects.insert(text("id"), Listed { name: text("name"), version });
            list.duplicated += u64::from(known.is_some());
        }
        let Some(cursor) = data["nextCursor"].as_str() else { return Ok(list) };
        query = format!("?limit=100&cursor={cursor}");
    }
}

/// Reads the rows of a kind: their partitions and ids.
async fn rows(target: &Target, workload: &Workload, kind: &str) -> Result<Vec<(String, String)>> {
    let scan = target.emulators.dynamodb().scan().table_name(target.emulators.table("ProjectsTable"));
    let prefix = format!("ORG#{}#{kind}#", workload.organization);
    let scan = scan.filter_expression("begins_with(pk, :prefix)").consistent_read(true);
    let scan = scan.expression_attribute_values(":prefix", AttributeValue::S(prefix));
    let (mut pages, mut rows) = (scan.into_paginator().items().send(), Vec::new());
    while let Some(row) = pages.next().await {
        let row: HashMap<_, _> = row.context("the rows can't be read")?;
        let text = |name| row.get(name).and_then(|value| value.as_s().ok()).cloned();
        rows.push(text("pk").zip(text("id")).with_context(|| format!("a {kind} without an id"))?);
    }
    Ok(rows)
}

/// Lists the organization's objects by the ids of their files: those without a tag, and those with one.
async fn objects(target: &Target, workload: &Workload) -> Result<(BTreeSet<String>, BTreeSet<String>)> {
    let folder = format!("orgs/{}/", workload.organization);
    let objects = target.emulators.list_objects(BUCKET, &folder).await?;
    let (committed, pending): (Vec<_>, Vec<_>) =
        objects.into_iter().partition(|object| object.tags.is_empty());
    let ids = |objects: Vec<StoredObject>| {
        objects.into_iter().map(|object| object.key.trim_start_matches(&folder).to_owned()).collect()
    };
    Ok((ids(committed), ids(pending)))
}
