//! Rows of the template's tables as they are now: the newest of each kind, as short texts.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Map, Value, json};

use super::Page;
use crate::template::Table;

/// Maximum rows of a kind that are shown.
pub(super) const SHOWN: usize = 200;
/// Maximum rows of a table, and pages of at most 1 MB, that are read.
const MAX_ROWS: usize = 10_000;
const MAX_PAGES: usize = 32;
/// Maximum characters of a value that are shown.
const MAX_TEXT: usize = 200;
/// Attribute with the kind of a row.
const KIND: &str = "rowKind";
/// Attribute with the time of a row's creation, by which rows sort before their key.
const CREATED: &str = "createdAt";

type Row = HashMap<String, AttributeValue>;

impl Page {
    /// Reads all tables of the template.
    pub(super) async fn tables(&self) -> Result<Vec<Value>> {
        let client = self.emulators.dynamodb();
        let mut tables = Vec::new();
        for table in &self.template.tables {
            let name = self.names.table(&table.id).unwrap_or(&table.id);
            let (rows, complete) =
                read(&client, name).await.with_context(|| format!("can't read the table {name}"))?;
            tables.push(json!({ "name": name, "complete": complete, "kinds": kinds(table, rows) }));
        }
        Ok(tables)
    }
}

/// Reads rows up to the maximum. The flag is `true` if these are all.
async fn read(client: &Client, table: &str) -> Result<(Vec<Row>, bool)> {
    let (mut rows, mut start) = (Vec::new(), None);
    for _ in 0..MAX_PAGES {
        let page = client.scan().table_name(table).set_exclusive_start_key(start).send().await?;
        rows.extend(page.items.unwrap_or_default());
        start = page.last_evaluated_key.filter(|key| !key.is_empty());
        if start.is_none() || rows.len() >= MAX_ROWS {
            break;
        }
    }
    Ok((rows, start.is_none()))
}

/// Groups rows by their kind, the newest first.
fn kinds(table: &Table, rows: Vec<Row>) -> Vec<Value> {
    let mut kinds: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows {
        kinds.entry(text(row.get(KIND))).or_default().push(row);
    }
    let kind = |(name, mut rows): (String, Vec<Row>)| {
        rows.sort_by_cached_key(|row| Reverse(age(table, row)));
        let shown: Vec<_> = rows.iter().take(SHOWN).map(attributes).collect();
        json!({ "kind": name, "count": rows.len(), "rows": shown })
    };
    kinds.into_iter().map(kind).collect()
}

/// Returns the values by which rows sort: time of creation, then sort key before partition.
fn age(table: &Table, row: &Row) -> Vec<String> {
    let keys = table.key.iter().rev().map(|key| key.attribute_name.as_str());
    [CREATED].into_iter().chain(keys).map(|name| text(row.get(name))).collect()
}

fn attributes(row: &Row) -> Value {
    let attribute = |(name, value): (&String, &AttributeValue)| {
        let mut shown = text(Some(value));
        if let Some((end, _)) = shown.char_indices().nth(MAX_TEXT) {
            shown.replace_range(end.., "…");
        }
        (name.clone(), shown.into())
    };
    Value::Object(row.iter().map(attribute).collect())
}

/// Formats a value: a text or number as it is, all else as JSON.
fn text(value: Option<&AttributeValue>) -> String {
    match value {
        None => String::new(),
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => text.clone(),
        Some(other) => plain(other).to_string(),
    }
}

fn plain(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.as_str().into(),
        AttributeValue::Bool(flag) => (*flag).into(),
        AttributeValue::Ss(texts) | AttributeValue::Ns(texts) => texts.clone().into(),
        AttributeValue::L(values) => values.iter().map(plain).collect(),
        AttributeValue::M(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), plain(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        AttributeValue::B(bytes) => format!("{} bytes", bytes.as_ref().len()).into(),
        AttributeValue::Bs(all) => format!("{} binary values", all.len()).into(),
        _ => Value::Null,
    }
}
