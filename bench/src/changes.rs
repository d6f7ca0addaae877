//! Changes of rows, as a table's stream delivers them. The rows are those that the examples seed.

use anyhow::Result;
use local::example::Example;
use local::template::{Function, Template};
use serde_json::{Map, Value, json};

/// Kinds of changes, each with the image that has the row.
const KINDS: [(&str, &str); 2] = [("INSERT", "NewImage"), ("REMOVE", "OldImage")];

/// Change of a row.
pub(crate) struct Change {
    /// Kind of the change and of the row, such as `INSERT of FILE`.
    pub(crate) name: String,
    /// Record of the stream.
    pub(crate) record: Value,
}

/// Returns a change of each kind that the function gets.
///
/// # Errors
/// An example can't be read.
pub(crate) fn changes(template: &Template, function: &Function) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    for seed in Example::all(template)?.into_iter().filter_map(|example| example.seed) {
        for stream in &function.streams {
            for row in seed.rows.get(&stream.table).into_iter().flatten() {
                let all = KINDS.map(|kind| Change::of(row, kind, keys(template, &stream.table)));
                let wanted =
                    |change: &Change| stream.filters.iter().any(|filter| filter.matches(&change.record));
                changes.extend(all.into_iter().filter(wanted));
            }
        }
    }
    Ok(changes)
}

/// Returns the record of a row that was removed from a table.
pub(crate) fn removal(template: &Template, table: &str, row: &Map<String, Value>) -> Value {
    let [_, removed] = KINDS;
    Change::of(row, removed, keys(template, table)).record
}

/// Returns the names of the attributes of a table's key.
fn keys<'t>(template: &'t Template, table: &str) -> impl Iterator<Item = &'t str> {
    let keys = template.tables.iter().filter(move |declared| declared.id == table).flat_map(|it| &it.key);
    keys.map(|key| &*key.attribute_name)
}

impl Change {
    fn of<'k>(
        row: &Map<String, Value>,
        (kind, image): (&str, &str),
        keys: impl Iterator<Item = &'k str>,
    ) -> Self {
        let keys: Map<_, _> = keys.filter_map(|key| Some((key.to_owned(), row.get(key)?.clone()))).collect();
        let name = format!("{kind} of {}", row["rowKind"]["S"].as_str().unwrap_or("a row"));
        let change = json!({"Keys": keys, image: row, "SequenceNumber": "1"});
        Self { name, record: json!({"eventName": kind, "eventSource": "aws:dynamodb", "dynamodb": change}) }
    }
}
