//! Seeding of the tables with the rows of the functions' examples.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value};

use crate::example::Example;
use crate::stack::Stack;
use crate::template::Template;

impl Stack {
    /// Puts the rows of all examples of this template into the tables.
    ///
    /// # Errors
    /// When an example can't be read, or a row can't be put.
    pub async fn seed(&self, template: &Template) -> Result<()> {
        let seeds = Example::all(template)?.into_iter().filter_map(|example| example.seed);
        for (table, rows) in seeds.flat_map(|seed| seed.rows) {
            for row in rows {
                self.put(&table, &row).await.with_context(|| format!("can't put a row into {table}"))?;
            }
        }
        Ok(())
    }

    async fn put(&self, table: &str, row: &Map<String, Value>) -> Result<()> {
        let row: HashMap<_, _> =
            row.iter().map(|(name, value)| Ok((name.clone(), attribute(value)?))).collect::<Result<_>>()?;
        self.dynamodb().put_item().table_name(self.table(table)).set_item(Some(row)).send().await?;
        Ok(())
    }
}

/// Converts DynamoDB JSON. Only the types of current seeds are supported: strings and numbers.
fn attribute(value: &Value) -> Result<AttributeValue> {
    match (value["S"].as_str(), value["N"].as_str()) {
        (Some(text), None) => Ok(AttributeValue::S(text.to_owned())),
        (None, Some(number)) => Ok(AttributeValue::N(number.to_owned())),
        _ => bail!("{value} is neither a string (S) nor a number (N)"),
    }
}
