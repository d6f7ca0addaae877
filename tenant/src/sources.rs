//! Places that a command reads, as lines for the operator. The ARN of a table has its account and region.

use anyhow::{Context, Result};

use crate::arguments::Data;
use crate::aws::Aws;
use crate::report::say;
use crate::rows::Kind;

/// Prints all tables and buckets, and what is left out.
///
/// # Errors
/// When a table doesn't exist, or can't be described.
pub(crate) async fn say_sources(aws: &Aws, data: &Data) -> Result<()> {
    for (table, kind) in data.tables() {
        let described = aws.dynamodb.describe_table().table_name(table).send().await;
        let described = described.with_context(|| format!("can't describe the table {table}"))?;
        let arn = described.table.and_then(|table| table.table_arn).unwrap_or_else(|| table.to_owned());
        let what = if kind == Kind::Row { "rows" } else { "counters" };
        say(&format!("{what}: {arn}{}", at(aws.dynamodb_endpoint.as_deref())));
    }
    for bucket in &data.buckets {
        say(&format!("objects: {bucket}{}", at(aws.s3_endpoint.as_deref())));
    }
    say_unchecked(data);
    Ok(())
}

/// Prints what is left out.
pub(crate) fn say_unchecked(data: &Data) {
    if data.buckets.is_empty() {
        say("objects: not checked, because no --bucket was given");
    }
    if data.counters.is_none() {
        say("counters: not checked, because no --counters was given");
    }
}

/// Returns the end of a line: an endpoint other than AWS's own.
fn at(endpoint: Option<&str>) -> String {
    endpoint.map_or_else(String::new, |endpoint| format!(" at {endpoint}"))
}
