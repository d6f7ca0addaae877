//! Comparison of a response with that of an example, whose placeholders leave some values open.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use http::Uri;
use jiff::Timestamp;
use local::client::Response;
use local::example::Expected;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Values of the placeholders in one response.
type Found = BTreeMap<&'static str, String>;

/// Checks that the response has the expected status, body and headers. It may have other headers too.
///
/// # Errors
/// The response differs.
pub fn check_response(expected: &Expected, response: &Response) -> Result<()> {
    let mut found = Found::new();
    ensure!(response.status == expected.status, "the status is {}", response.status);
    fit(&expected.body, &response.json(), &mut found)?;
    expected.headers.iter().try_for_each(|(name, value)| {
        fit_text(value, response.header(name), &mut found).with_context(|| format!("{name} is wrong"))
    })
}

fn fit(expected: &Value, actual: &Value, found: &mut Found) -> Result<()> {
    match (expected, actual) {
        (Value::String(any), _) if any == "<any>" => Ok(()),
        (Value::Object(expected), Value::Object(actual)) => fit_members(expected, actual, found),
        (Value::Array(expected), Value::Array(actual)) => fit_elements(expected, actual, found),
        (Value::String(expected), Value::String(actual)) => fit_text(expected, actual, found),
        _ => {
            ensure!(expected == actual, "{actual} is not {expected}");
            Ok(())
        }
    }
}

fn fit_members(expected: &Map<String, Value>, actual: &Map<String, Value>, found: &mut Found) -> Result<()> {
    if let Some(extra) = actual.keys().find(|name| !expected.contains_key(*name)) {
        bail!("{extra} is not expected");
    }
    expected.iter().try_for_each(|(name, expected)| {
        let actual = actual.get(name).with_context(|| format!("{name} is missing"))?;
        fit(expected, actual, found).with_context(|| format!("{name} is wrong"))
    })
}

/// Checks that `actual` contains each expected element.
fn fit_elements(expected: &[Value], actual: &[Value], found: &Found) -> Result<()> {
    let is_there =
        |expected: &Value| actual.iter().any(|actual| fit(expected, actual, &mut found.clone()).is_ok());
    let missing = expected.iter().find(|expected| !is_there(expected));
    missing.map_or(Ok(()), |missing| bail!("{actual:?} lacks {missing}"))
}

fn fit_text(expected: &str, actual: &str, found: &mut Found) -> Result<()> {
    let Some((before, name, after)) = placeholder(expected) else {
        ensure!(expected == actual, "{actual:?} is not {expected:?}");
        return Ok(());
    };
    let value = actual.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    let value = value.with_context(|| format!("{actual:?} is not like {expected:?}"))?;
    ensure!(stands_for(name, value), "{value:?} is not what <{name}> stands for");
    let first = found.entry(name).or_insert_with(|| value.to_owned());
    ensure!(name == "text" || first == value, "<{name}> is {first:?} and {value:?} in one response");
    Ok(())
}

/// Splits a text into the part before a placeholder, the placeholder's name, and the part after it.
fn placeholder(text: &str) -> Option<(&str, &'static str, &str)> {
    ["id", "time", "url", "text"].into_iter().find_map(|name| {
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
        "url" => value.parse::<Uri>().is_ok_and(|url| url.scheme().is_some()),
        _ => !value.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ID: &str = "01900000-0000-7000-8000-000000000001";

    fn fits(expected: &Value, actual: &Value) -> bool {
        fit(expected, actual, &mut Found::new()).is_ok()
    }

    #[test]
    fn placeholders_match_one_value_of_their_kind() {
        let expected =
            json!({"a": "<id>", "b": "/<id>/c", "d": "<time>", "e": "<text>", "f": "<any>", "g": "<url>"});
        let actual = json!({"a": ID, "b": format!("/{ID}/c"), "d": "2026-11-22T04:23:11.123Z", "e": "x", "f": null, "g": "http://a/b?c=%2F"});
        assert!(fits(&expected, &actual));
        let other = ID.replace("00001", "00002");
        for (member, wrong) in [
            ("a", json!(other)),
            ("a", json!("7")),
            ("d", json!("today")),
            ("e", json!("")),
            ("e", json!(1)),
            ("g", json!("/b")),
            ("h", json!(1)),
        ] {
            let mut changed = actual.clone();
            changed[member] = wrong;
            assert!(!fits(&expected, &changed), "{changed}");
        }
    }

    #[test]
    fn arrays_contain_the_listed_elements() {
        let expected = json!([{"a": "<text>", "b": 1}]);
        assert!(fits(&expected, &json!([{"a": "x", "b": 2}, {"a": "y", "b": 1}])));
        assert!(!fits(&expected, &json!([{"a": "x", "b": 2}])));
        assert!(!fits(&expected, &json!([])));
    }
}
