//! The projects of an organization: one `Query`, its rows read with `serde_dynamo`.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::tracing;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::page::{PageRequest, cursor};
use crate::refusal::Refusal;

pub struct Projects {
    client: Client,
    table: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Project {
    id: String,
    #[serde(default)]
    org_id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<String>,
    version: u64,
    created_by: String,
    created_at: String,
    updated_at: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    projects: Vec<Project>,
    next_cursor: Option<String>,
}

impl Projects {
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    pub async fn list(&self, organization: &str, page: &PageRequest) -> Result<Page, Refusal> {
        let output = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", partition(organization))
            .set_exclusive_start_key(page.after.map(|id| key(organization, id)))
            .scan_index_forward(false)
            .consistent_read(true)
            // One more than requested shows whether there is a next page.
            .limit(page.limit + 1)
            .send()
            .await
            .map_err(|error| {
                tracing::error!(%error, "the projects table is unavailable");
                Refusal::Unavailable
            })?;
        let mut projects: Vec<Project> =
            serde_dynamo::from_items(output.items.unwrap_or_default()).map_err(|_| Refusal::Internal)?;
        let limit = usize::try_from(page.limit).map_err(|_| Refusal::Internal)?;
        let more = projects.len() > limit || output.last_evaluated_key.is_some();
        projects.truncate(limit);
        for project in &mut projects {
            organization.clone_into(&mut project.org_id);
        }
        let last = projects.last().filter(|_| more).and_then(|last| last.id.parse().ok());
        Ok(Page { next_cursor: last.map(|id| cursor(id, organization)), projects })
    }
}

fn partition(organization: &str) -> AttributeValue {
    AttributeValue::S(format!("ORG#{organization}#PROJECT"))
}

fn key(organization: &str, id: Uuid) -> HashMap<String, AttributeValue> {
    let sort = AttributeValue::S(id.to_string());
    HashMap::from([("pk".to_owned(), partition(organization)), ("sk".to_owned(), sort)])
}
