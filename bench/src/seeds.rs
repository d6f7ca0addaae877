//! Rows in large numbers: copies of a function's rows, because the benchmark doesn't know their attributes.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};

use crate::event::ORGANIZATION;
use crate::fixture::Fixture;

/// Largest number of rows in one call.
const ROWS: usize = 25;
/// Logical ids of the tables.
const PROJECTS: &str = "ProjectsTable";
const COUNTERS: &str = "RateLimitTable";

type Row = HashMap<String, AttributeValue>;

/// Adds so many projects to an organization: copies of one that a function created.
///
/// # Errors
/// A table can't be read or written.
pub(crate) async fn projects(fixture: &Fixture, organization: &str, number: usize) -> Result<()> {
    let table = fixture.stack.table(PROJECTS);
    let query = fixture.stack.dynamodb().query().table_name(table).limit(1).scan_index_forward(false);
    let query = query.key_condition_expression("pk = :pk");
    let pk = text(&format!("ORG#{ORGANIZATION}#PROJECT"));
    let found = query.expression_attribute_values(":pk", pk).send().await?;
    let model = found.items().first().context("there is no project")?;
    let id = model.get("id").and_then(|id| id.as_s().ok()).context("a project has an id")?;
    let start = id.get(..24).context("an id is a UUID")?;
    let copy = |index: usize| {
        let id = format!("{start}{index:012x}");
        let own = [
            ("pk", format!("ORG#{organization}#PROJECT")),
            ("sk", id.clone()),
            ("name", format!("Project {index}")),
            ("id", id),
        ];
        with(model, &own)
    };
    write(fixture, table, number, copy).await
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
    write(fixture, table, number, |index| with(&model, &[("pk", format!("copy-{number}-{index}"))])).await
}

async fn write(fixture: &Fixture, table: &str, number: usize, row: impl Fn(usize) -> Row) -> Result<()> {
    let client = fixture.stack.dynamodb();
    for first in (0..number).step_by(ROWS) {
        let rows = (first..number.min(first + ROWS)).map(|index| {
            let put = PutRequest::builder().set_item(Some(row(index))).build()?;
            Ok(WriteRequest::builder().put_request(put).build())
        });
        let written =
            client.batch_write_item().request_items(table, rows.collect::<Result<_>>()?).send().await?;
        ensure!(
            written.unprocessed_items().is_none_or(HashMap::is_empty),
            "the table did not store all rows"
        );
    }
    Ok(())
}

fn with(model: &Row, own: &[(&str, String)]) -> Row {
    let own = own.iter().map(|(name, value)| ((*name).to_owned(), text(value)));
    model.clone().into_iter().chain(own).collect()
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}
