//! Rows and objects in large numbers: copies of a function's rows, because the benchmark doesn't know their attributes.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use futures_util::{TryStreamExt, stream};
use testing::PNG;

use crate::event::ORGANIZATION;
use crate::fixture::Fixture;

/// Largest number of rows in one call, and concurrent calls.
const ROWS: usize = 25;
const CALLS: usize = 8;
/// Logical ids of the tables and of the bucket.
pub(crate) const PROJECTS: &str = "ProjectsTable";
pub(crate) const COUNTERS: &str = "RateLimitTable";
pub(crate) const UPLOADS: &str = "UploadsBucket";

/// Row of a table.
pub(crate) type Row = HashMap<String, AttributeValue>;

/// Adds so many projects to an organization: copies of one that a function created. Returns the id of the first.
///
/// # Errors
/// A table can't be read or written.
pub(crate) async fn projects(fixture: &Fixture, organization: &str, number: usize) -> Result<String> {
    let model = newest(fixture, &format!("ORG#{ORGANIZATION}#PROJECT")).await?;
    let copy = |index: usize| {
        let id = id(&model, index)?;
        let partition = format!("ORG#{organization}#PROJECT");
        let own = [("pk", partition), ("sk", id.clone()), ("name", format!("Project {index}")), ("id", id)];
        Ok(with(&model, &own))
    };
    write(fixture, PROJECTS, number, copy).await?;
    id(&model, 0)
}

/// Adds so many files, without objects, to a project: copies of one that a function created in the fixture's project.
/// Returns their rows.
///
/// # Errors
/// A table can't be read or written.
pub(crate) async fn files(
    fixture: &Fixture,
    organization: &str,
    project: &str,
    number: usize,
) -> Result<Vec<Row>> {
    let model = newest(fixture, &format!("ORG#{ORGANIZATION}#FILE#{}", fixture.project)).await?;
    let copy = |index: usize| {
        let id = id(&model, index)?;
        let partition = format!("ORG#{organization}#FILE#{project}");
        let own = [("pk", partition), ("sk", id.clone()), ("projectId", project.to_owned()), ("id", id)];
        Ok(with(&model, &own))
    };
    write(fixture, PROJECTS, number, copy).await?;
    (0..number).map(copy).collect()
}

/// Puts small objects with these names into the folder of an organization.
///
/// # Errors
/// The bucket can't be written.
pub(crate) async fn objects(fixture: &Fixture, organization: &str, names: &[&str]) -> Result<()> {
    let s3 = local_s3::client(fixture.stack.s3_endpoint(), fixture.stack.credentials().clone());
    let names = stream::iter(names.iter().map(Ok));
    names
        .try_for_each_concurrent(CALLS, async |name| {
            let key = format!("orgs/{organization}/{name}");
            local_s3::put(&s3, fixture.stack.bucket(UPLOADS), &key, "image/png", PNG.to_vec()).await
        })
        .await
}

/// Adds counters of so many callers: copies of one that a function created.
///
/// # Errors
/// A table can't be read or written.
pub(crate) async fn counters(fixture: &Fixture, number: usize) -> Result<()> {
    let table = fixture.stack.table(COUNTERS);
    let found = fixture.stack.dynamodb().scan().table_name(table).limit(1).send().await?;
    let mut model = found.items().first().context("there is no counter")?.clone();
    let declared = fixture.stack.template().tables.iter().find(|table| table.id == COUNTERS);
    if let Some(expires) = declared.and_then(|table| table.expires.clone()) {
        // The copies must not expire during the benchmark.
        model.insert(expires, AttributeValue::N("9999999999".to_owned()));
    }
    let copy = |index| Ok(with(&model, &[("pk", format!("copy-{number}-{index}"))]));
    write(fixture, COUNTERS, number, copy).await
}

/// Returns the last row of a partition.
///
/// # Errors
/// The table can't be read, or the partition has no row.
pub(crate) async fn newest(fixture: &Fixture, partition: &str) -> Result<Row> {
    let query = fixture.stack.dynamodb().query().table_name(fixture.stack.table(PROJECTS));
    let query = query.limit(1).scan_index_forward(false).key_condition_expression("pk = :pk");
    let found = query.expression_attribute_values(":pk", text(partition)).send().await?;
    found.items.unwrap_or_default().pop().with_context(|| format!("{partition} has no row"))
}

/// Returns the rows of the projects table whose partitions begin like this.
///
/// # Errors
/// The table can't be read.
pub(crate) async fn all(fixture: &Fixture, beginning: &str) -> Result<Vec<Row>> {
    let scan = fixture.stack.dynamodb().scan().table_name(fixture.stack.table(PROJECTS));
    let scan = scan.filter_expression("begins_with(pk, :own)");
    let pages = scan.expression_attribute_values(":own", text(beginning)).into_paginator();
    let rows: Result<Vec<_>, _> = pages.items().send().collect().await;
    rows.context("the table can't be read")
}

/// Puts rows into the projects table.
///
/// # Errors
/// The table can't be written.
pub(crate) async fn put(fixture: &Fixture, rows: &[Row]) -> Result<()> {
    write(fixture, PROJECTS, rows.len(), |index| Ok(rows[index].clone())).await
}

async fn write(
    fixture: &Fixture,
    table: &str,
    number: usize,
    row: impl Fn(usize) -> Result<Row>,
) -> Result<()> {
    let (client, table) = (fixture.stack.dynamodb(), fixture.stack.table(table));
    let batches = stream::iter((0..number).step_by(ROWS).map(Ok));
    batches
        .try_for_each_concurrent(CALLS, async |first| {
            let rows = (first..number.min(first + ROWS)).map(|index| {
                let put = PutRequest::builder().set_item(Some(row(index)?)).build()?;
                Ok(WriteRequest::builder().put_request(put).build())
            });
            let rows = rows.collect::<Result<_>>()?;
            let written = client.batch_write_item().request_items(table, rows).send().await?;
            let is_complete = written.unprocessed_items().is_none_or(HashMap::is_empty);
            ensure!(is_complete, "the table did not store all rows");
            Ok(())
        })
        .await
}

/// Returns the id of a copy.
fn id(model: &Row, index: usize) -> Result<String> {
    let id = model.get("id").and_then(|id| id.as_s().ok()).context("a row has no id")?;
    Ok(format!("{}{index:012x}", id.get(..24).context("an id is a UUID")?))
}

fn with(model: &Row, own: &[(&str, String)]) -> Row {
    let own = own.iter().map(|(name, value)| ((*name).to_owned(), text(value)));
    model.clone().into_iter().chain(own).collect()
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}
