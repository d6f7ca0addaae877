//! Seeding of tables and buckets with the data of the functions' examples.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value};

use crate::example::Example;
use crate::stack::Stack;
use crate::template::Template;

impl Stack {
    /// Puts the rows and objects of all examples of this template into tables and buckets.
    ///
    /// # Errors
    /// When an example can't be read, or a row or an object can't be put.
    pub async fn seed(&self, template: &Template) -> Result<()> {
        for seed in Example::all(template)?.into_iter().filter_map(|example| example.seed) {
            for (table, rows) in &seed.rows {
                for row in rows {
                    let put = self.put_row(table, row).await;
                    put.with_context(|| format!("can't put a row into {table}"))?;
                }
            }
            for (bucket, objects) in &seed.objects {
                for (key, object) in objects {
                    let put = self.put_object(bucket, key, &object.r#type, &object.bytes).await;
                    put.with_context(|| format!("can't put {key} into {bucket}"))?;
                }
            }
        }
        Ok(())
    }

    async fn put_row(&self, table: &str, row: &Map<String, Value>) -> Result<()> {
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
