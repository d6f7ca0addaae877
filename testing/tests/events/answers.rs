//! What is promised: `events/answers.yaml`, and whether an answer is as it says. Two answers that are differ in nothing but
//! what the file leaves open. What must stay out: where answers come from.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The entry with what all answers have in common.
const EVERY: &str = "every answer";

/// The promised answer of one event.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Promise {
    #[serde(default)]
    pub(crate) status: u16,
    /// Those besides the headers of every answer.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Value,
    #[serde(skip)]
    common: BTreeMap<String, String>,
}

/// The values that stand for placeholders in one answer.
type Found = BTreeMap<String, String>;

/// The promises, by event.
pub(crate) fn promises() -> Result<BTreeMap<String, Promise>> {
    let text = std::fs::read_to_string(super::folder().join("answers.yaml"))?;
    let mut promises: BTreeMap<String, Promise> = yaml_serde::from_str(&text)?;
    let common = promises.remove(EVERY).with_context(|| format!("answers.yaml has no {EVERY:?}"))?.headers;
    for promise in promises.values_mut() {
        promise.common.clone_from(&common);
    }
    Ok(promises)
}

impl Promise {
    /// The status, the code of an error, and the headers that other answers don't have.
    pub(crate) fn summary(&self) -> (u16, String, BTreeMap<String, String>) {
        let code = self.body["error"]["code"].as_str().unwrap_or_default();
        (self.status, code.to_owned(), self.headers.clone())
    }

    /// Whether a function's answer is this one, and nothing else is in it.
    pub(crate) fn check(&self, answer: &Value) -> Result<()> {
        let headers: BTreeMap<_, _> = self.common.iter().chain(&self.headers).collect();
        let expected = json!({
            "statusCode": self.status,
            "headers": headers,
            "multiValueHeaders": {},
            "cookies": [],
            "isBase64Encoded": false,
            "body": self.body,
        });
        let mut answer = answer.clone();
        let body = answer["body"].as_str().context("the answer has no body")?;
        answer["body"] = serde_json::from_str(body).context("the body is not JSON")?;
        fit(&expected, &answer, &mut Found::new())
    }
}

fn fit(expected: &Value, actual: &Value, found: &mut Found) -> Result<()> {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => fit_members(expected, actual, found),
        (Value::Array(expected), Value::Array(actual)) if expected.len() == actual.len() => {
            expected.iter().zip(actual).try_for_each(|(expected, actual)| fit(expected, actual, found))
        }
        (Value::String(expected), Value::String(actual)) => fit_text(expected, actual, found),
        _ => {
            ensure!(expected == actual, "{actual} is not {expected}");
            Ok(())
        }
    }
}

fn fit_members(expected: &Map<String, Value>, actual: &Map<String, Value>, found: &mut Found) -> Result<()> {
    if let Some(extra) = actual.keys().find(|name| !expected.contains_key(*name)) {
        bail!("{extra} is not promised");
    }
    expected.iter().try_for_each(|(name, expected)| {
        let actual = actual.get(name).with_context(|| format!("{name} is missing"))?;
        fit(expected, actual, found).with_context(|| format!("{name} is wrong"))
    })
}

fn fit_text(expected: &str, actual: &str, found: &mut Found) -> Result<()> {
    let Some((before, name, after)) = placeholder(expected) else {
        ensure!(expected == actual, "{actual:?} is not {expected:?}");
        return Ok(());
    };
    let value = actual.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    let value = value.with_context(|| format!("{actual:?} is not like {expected:?}"))?;
    ensure!(stands_for(name, value), "{value:?} is not what <{name}> stands for");
    let first = found.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    ensure!(first == value, "<{name}> is {first:?} and {value:?} in one answer");
    Ok(())
}

/// What stands before a placeholder, its name, and what stands behind it.
fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    ["id", "time", "seconds"].into_iter().find_map(|name| {
        let (before, after) = text.split_once(&format!("<{name}>"))?;
        Some((before, name, after))
    })
}

fn stands_for(name: &str, value: &str) -> bool {
    match name {
        "id" => {
            let id = Uuid::parse_str(value).ok().filter(|id| id.get_version_num() == 7);
            id.is_some_and(|id| id.to_string() == value)
        }
        "time" => value.parse::<Timestamp>().is_ok() && value.len() == "2026-11-22T04:23:11.123Z".len(),
        // A counter is at most one window of ten seconds ahead, and then has to fade.
        _ => value.parse().is_ok_and(|seconds| (1..=30).contains(&seconds)),
    }
}
