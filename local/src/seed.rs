//! Rows that are there before the first request: a JSON object from the logical id of a table to its rows, as DynamoDB
//! writes them (`{"pk": {"S": "…"}}`). `{"nextWindow": 10}` stands for the number, counted from the Unix epoch, of the
//! window of 10 seconds that begins next. What must stay out: what the rows mean.

use crate::clock;
use crate::stack::Stack;
use anyhow::{Context, Result, bail};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

/// How often rows are put again that name a window: before the shortest one is over.
const RENEW_EVERY: Duration = Duration::from_secs(1);
/// What stands for the number of a window.
const NEXT_WINDOW: &str = "nextWindow";

/// A row, as the file has it.
type Row = Map<String, Value>;

/// The rows of a file, each with the logical id of its table.
#[derive(Debug, Clone, Default)]
pub struct Seed(Vec<(String, Row)>);

impl Seed {
    /// Reads a file.
    ///
    /// # Errors
    /// When it can't be read or is not of that form.
    pub fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read(file).with_context(|| format!("can't read {}", file.display()))?;
        let tables: BTreeMap<String, Vec<Row>> =
            serde_json::from_slice(&text).with_context(|| format!("{} holds no rows", file.display()))?;
        let rows = |(table, rows): (String, Vec<Row>)| rows.into_iter().map(move |row| (table.clone(), row));
        Ok(Self(tables.into_iter().flat_map(rows).collect()))
    }
}

impl Stack {
    /// Puts these rows into the stack's tables.
    ///
    /// # Errors
    /// When they name no table of the template, or one can't be put.
    pub async fn seed(&self, seed: &Seed) -> Result<()> {
        for (table, row) in &seed.0 {
            self.put(table, row).await.with_context(|| format!("can't put a row into {table}"))?;
        }
        Ok(())
    }

    /// Puts those rows again and again that name a window, as time goes by. Ends at once if there are none.
    ///
    /// # Errors
    /// As [`Stack::seed`].
    pub async fn renew(&self, mut seed: Seed) -> Result<()> {
        seed.0.retain(|(_, row)| row.values().any(|value| value.get(NEXT_WINDOW).is_some()));
        while !seed.0.is_empty() {
            tokio::time::sleep(RENEW_EVERY).await;
            self.seed(&seed).await?;
        }
        Ok(())
    }

    async fn put(&self, table: &str, row: &Row) -> Result<()> {
        let row: HashMap<_, _> =
            row.iter().map(|(name, value)| Ok((name.clone(), attribute(value)?))).collect::<Result<_>>()?;
        self.dynamodb().put_item().table_name(self.table(table)).set_item(Some(row)).send().await?;
        Ok(())
    }
}

/// Texts and numbers are all that seeds have needed so far.
fn attribute(value: &Value) -> Result<AttributeValue> {
    match (value["S"].as_str(), value["N"].as_str(), value[NEXT_WINDOW].as_i64()) {
        (Some(text), None, None) => Ok(AttributeValue::S(text.to_owned())),
        (None, Some(number), None) => Ok(AttributeValue::N(number.to_owned())),
        (None, None, Some(seconds @ 1..)) => {
            Ok(AttributeValue::N((clock::now().as_second() / seconds + 1).to_string()))
        }
        _ => {
            bail!("{value} is neither a text (S), a number (N) nor a window of some seconds ({NEXT_WINDOW})")
        }
    }
}
