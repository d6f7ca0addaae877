//! Rows that are there before the first request: a JSON object from the logical id of a table to its rows, as DynamoDB
//! writes them (`{"pk": {"S": "…"}}`). What must stay out: what the rows mean.

use crate::stack::Stack;
use anyhow::{Context, Result, bail};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

impl Stack {
    /// Puts the rows of a file into the stack's tables.
    ///
    /// # Errors
    /// When the file can't be read, is not of that form or names no table of the template, or a row can't be put.
    pub async fn seed(&self, file: &Path) -> Result<()> {
        let text = std::fs::read(file).with_context(|| format!("can't read {}", file.display()))?;
        let tables: BTreeMap<String, Vec<Map<String, Value>>> =
            serde_json::from_slice(&text).with_context(|| format!("{} holds no rows", file.display()))?;
        for (table, rows) in tables {
            for row in rows {
                self.put(&table, row).await.with_context(|| format!("can't put a row into {table}"))?;
            }
        }
        Ok(())
    }

    async fn put(&self, table: &str, row: Map<String, Value>) -> Result<()> {
        let row: HashMap<_, _> =
            row.into_iter().map(|(name, value)| Ok((name, attribute(&value)?))).collect::<Result<_>>()?;
        self.dynamodb().put_item().table_name(self.table(table)).set_item(Some(row)).send().await?;
        Ok(())
    }
}

/// Texts and numbers are all that seeds have needed so far.
fn attribute(value: &Value) -> Result<AttributeValue> {
    match (value["S"].as_str(), value["N"].as_str()) {
        (Some(text), None) => Ok(AttributeValue::S(text.to_owned())),
        (None, Some(number)) => Ok(AttributeValue::N(number.to_owned())),
        _ => bail!("{value} is neither a text (S) nor a number (N)"),
    }
}
