//! Metric filters of the template, applied to lines of a log.

use anyhow::{Context, Result};
use serde_json::Value as Line;
use yaml_serde::Value;

use super::text;

/// Returns `true` if the template's filter counts this line.
pub(crate) fn counts(resources: &Value, filter: &str, line: &Line) -> Result<bool> {
    let pattern = text(&resources[filter]["Properties"]["FilterPattern"]).trim();
    let pattern = pattern.strip_prefix('{').and_then(|pattern| pattern.strip_suffix('}'));
    Ok(pattern.context("no pattern for JSON")?.split("&&").all(|terms| matches_any(terms, line)))
}

/// Returns `true` if a line matches one of these terms: `(term || term)`.
fn matches_any(terms: &str, line: &Line) -> bool {
    let terms = terms.trim().trim_start_matches('(').trim_end_matches(')');
    terms.split("||").any(|term| matches(term.trim(), line))
}

/// Returns `true` if a line matches one term: `$.field = "text*"`, `$.record.field != "text"`, or `$.field >= number`
/// with any comparison, or `$.field NOT EXISTS`.
fn matches(term: &str, line: &Line) -> bool {
    let mut words = term.trim().trim_start_matches("$.").splitn(3, ' ');
    let (field, operator, wanted) = (words.next(), words.next(), words.next().unwrap_or_default());
    let found = field.unwrap_or_default().split('.').fold(line, |found, name| &found[name]);
    if let (Ok(wanted), Some(operator)) = (wanted.parse(), operator) {
        return found.as_u64().is_some_and(|found| compares(found, operator, wanted));
    }
    match (operator, wanted.trim_matches('"').strip_suffix('*')) {
        (Some("="), Some(start)) => found.as_str().is_some_and(|found| found.starts_with(start)),
        (Some("="), None) => found.as_str() == Some(wanted.trim_matches('"')),
        (Some("NOT"), _) => wanted == "EXISTS" && found.is_null(),
        (Some("!="), None) => found.as_str() != Some(wanted.trim_matches('"')),
        _ => false,
    }
}

fn compares(found: u64, operator: &str, wanted: u64) -> bool {
    match operator {
        ">=" => found >= wanted,
        "<" => found < wanted,
        "=" => found == wanted,
        "!=" => found != wanted,
        _ => false,
    }
}

/// Returns a line of the API's access log with these values of `$context`.
pub(crate) fn access_line(resources: &Value, values: &[(&str, &str)]) -> Result<Line> {
    let settings = &resources["Api"]["Properties"]["AccessLogSettings"];
    let mut line = text(&settings["Format"]).to_owned();
    for (name, value) in values {
        for end in ["\"", ","] {
            line = line.replace(&format!("$context.{name}{end}"), &format!("{value}{end}"));
        }
    }
    // The rest of the numbers.
    let line = line.replace(": $context.responseLength", ": 1").replace(": $context.responseLatency", ": 1");
    serde_json::from_str(&line).context("the format of the access log is not JSON")
}
