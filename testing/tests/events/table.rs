//! The table in `events/README.md`. What must stay out: what it should say.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use super::answers::Promise;

/// A row, but for its last cell, which explains the event.
#[derive(Debug)]
pub(crate) struct Row {
    /// As `function/case.json`.
    pub(crate) event: String,
    status: u16,
    code: String,
    /// How many requests are left, if the request was counted.
    left: Option<u32>,
    /// Other headers that not every answer has, in lower case.
    headers: BTreeMap<String, String>,
}

/// The rows.
pub(crate) fn rows() -> Result<Vec<Row>> {
    let readme = std::fs::read_to_string(super::folder().join("README.md"))?;
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| read(row).with_context(|| format!("in the row {row}"))).collect()
}

fn read(row: &str) -> Result<Row> {
    let cells: Vec<_> = row.split('|').map(str::trim).collect();
    ensure!(cells.len() == 7, "there should be six cells");
    Ok(Row {
        event: cells[0].trim_matches('`').to_owned(),
        status: cells[1].parse().context("there is no status")?,
        code: cells[2].trim_matches('`').to_owned(),
        left: Some(cells[3]).filter(|left| !left.is_empty()).map(str::parse).transpose()?,
        headers: headers(cells[4]),
    })
}

/// What stands between backticks, as `Name: value`.
fn headers(cell: &str) -> BTreeMap<String, String> {
    let quoted = cell.split('`').skip(1).step_by(2);
    let headers = quoted.filter_map(|header| header.split_once(": "));
    headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect()
}

impl Row {
    /// What the row says, in the form of [`Promise::summary`]. Of the limit's headers it has the one number that matters;
    /// the rest is what they are in the answer.
    pub(crate) fn said_of(&self, promise: &Promise) -> (u16, String, BTreeMap<String, String>) {
        let mut headers = self.headers.clone();
        if let Some(left) = self.left {
            headers.insert("ratelimit".to_owned(), format!("\"default\";r={left};t=<seconds>"));
            headers.extend(promise.headers.get_key_value("ratelimit-policy").map(owned));
        }
        (self.status, self.code.clone(), headers)
    }
}

fn owned((name, value): (&String, &String)) -> (String, String) {
    (name.clone(), value.clone())
}
