//! The projects of an organization: one `Query`, whose rows are checked and written without copies of their texts.

use jiff::Timestamp;
use lambda_runtime::Error;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::dynamodb::{CallError, DynamoDb, Number, Operation, Text, json};
use crate::event::Query;
use crate::log::Record;
use crate::page::{PageRequest, cursor};
use crate::process::required;
use crate::refusal::Refusal;

const QUERY: Operation = Operation { name: "Query", target: "DynamoDB_20120810.Query" };

/// Constant part of the call.
const RULE: &str = r#""KeyConditionExpression":"pk = :pk","ScanIndexForward":false,"ConsistentRead":true"#;

pub(crate) struct Projects {
    table: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output<'a> {
    #[serde(borrow)]
    items: Vec<Row<'a>>,
    last_evaluated_key: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    name: Text<'a>,
    description: Option<Text<'a>>,
    color: Option<Text<'a>>,
    version: Number<'a>,
    created_by: Text<'a>,
    created_at: Text<'a>,
    updated_at: Text<'a>,
    #[serde(rename = "rowFormat")]
    format: Number<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Project<'a> {
    id: &'a str,
    org_id: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<&'a str>,
    version: u64,
    created_by: &'a str,
    created_at: &'a str,
    updated_at: &'a str,
}

#[derive(Serialize)]
struct Envelope<'a> {
    data: Page<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    projects: Vec<Project<'a>>,
    next_cursor: Option<String>,
}

impl Projects {
    /// Reads the settings.
    ///
    /// # Errors
    /// The table is missing.
    pub(crate) fn open() -> Result<Self, Error> {
        Ok(Self { table: required("PROJECTS_TABLE")? })
    }

    /// Returns the body of the response.
    ///
    /// # Errors
    /// A parameter or a row is invalid, or the table is unavailable.
    pub(crate) async fn list(
        &self,
        dynamodb: &DynamoDb,
        organization: &str,
        query: &Query,
        record: &Record,
    ) -> Result<String, Refusal> {
        let partition = format!("ORG#{organization}#PROJECT");
        let page = PageRequest::parse(query, &partition)?;
        let input = self.input(&partition, &page);
        let output =
            dynamodb.call(&QUERY, input, &self.table, record).await.map_err(|error| match error {
                CallError::Other(error) => Refusal::Unavailable(error),
                CallError::ConditionFailed => Refusal::Internal("a query has no condition".into()),
            })?;
        let output = serde_json::from_slice(&output).map_err(|error| Refusal::Internal(error.into()))?;
        body(&output, organization, &partition, page.limit).map_err(Refusal::Internal)
    }

    /// Returns the query of one row more than requested, which shows whether there is a next page.
    fn input(&self, partition: &str, page: &PageRequest) -> String {
        let (table, key, limit) = (json(&self.table), json(partition), page.limit + 1);
        let start = |id: Uuid| format!(r#","ExclusiveStartKey":{{"pk":{{"S":{key}}},"sk":{{"S":"{id}"}}}}"#);
        let start = page.after.map(start).unwrap_or_default();
        format!(
            r#"{{"TableName":{table},{RULE},"ExpressionAttributeValues":{{":pk":{{"S":{key}}}}},"Limit":{limit}{start}}}"#
        )
    }
}

fn body(output: &Output<'_>, organization: &str, partition: &str, limit: usize) -> Result<String, Error> {
    let rows = output.items.iter().take(limit).map(|row| row.project(organization));
    let projects: Vec<_> = rows.collect::<Result<_, _>>()?;
    let more = output.items.len() > limit || output.last_evaluated_key.is_some();
    let last = projects.last().filter(|_| more);
    let next_cursor = last.map(|last| cursor(last.id, partition));
    Ok(serde_json::to_string(&Envelope { data: Page { projects, next_cursor } })?)
}

impl Row<'_> {
    /// Checks the row.
    fn project<'a>(&'a self, organization: &'a str) -> Result<Project<'a>, Error> {
        if self.format.digits != "1" {
            return Err("the row has an unknown format".into());
        }
        Uuid::try_parse(&self.id.text)?;
        for time in [&self.created_at, &self.updated_at] {
            time.text.parse::<Timestamp>()?;
        }
        Ok(Project {
            id: &self.id.text,
            org_id: organization,
            name: &self.name.text,
            description: self.description.as_ref().map(|text| &*text.text),
            color: self.color.as_ref().map(|text| &*text.text),
            version: self.version.digits.parse()?,
            created_by: &self.created_by.text,
            created_at: &self.created_at.text,
            updated_at: &self.updated_at.text,
        })
    }
}
