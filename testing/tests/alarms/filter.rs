//! The metric filters of the template: which lines of a log they count. What must stay out: where lines come from.

use anyhow::{Context, Result};
use serde_json::Value as Line;
use yaml_serde::Value;

use super::text;

/// The filter's pattern, as the template has it, and whether it counts this line.
pub(crate) fn counts(resources: &Value, filter: &str, line: &Line) -> Result<bool> {
    let pattern = text(&resources[filter]["Properties"]["FilterPattern"]).trim();
    let pattern = pattern.strip_prefix('{').and_then(|pattern| pattern.strip_suffix('}'));
    Ok(pattern.context("no pattern for JSON")?.split("&&").all(|term| fits(term, line)))
}

/// Whether a line fits one term: `$.field = "text*"`, `$.record.field != "text"` or `$.field >= number`.
fn fits(term: &str, line: &Line) -> bool {
    let mut words = term.trim().trim_start_matches("$.").splitn(3, ' ');
    let (field, operator, wanted) = (words.next(), words.next(), words.next().unwrap_or_default());
    let found = field.unwrap_or_default().split('.').fold(line, |found, name| &found[name]);
    match (operator, wanted.trim_matches('"').strip_suffix('*')) {
        (Some(">="), _) => found.as_u64() >= wanted.parse().ok() && found.is_u64(),
        (Some("="), Some(start)) => found.as_str().is_some_and(|found| found.starts_with(start)),
        (Some("="), None) => found.as_str() == Some(wanted.trim_matches('"')),
        (Some("!="), None) => found.as_str() != Some(wanted.trim_matches('"')),
        _ => false,
    }
}

/// A line of the API's access log, with these values for what it has of `$context`.
pub(crate) fn access_line(resources: &Value, values: &[(&str, &str)]) -> Result<Line> {
    let settings = &resources["Api"]["Properties"]["AccessLogSettings"];
    let mut line = text(&settings["Format"]).to_owned();
    for (name, value) in values {
        line = line.replace(&format!("$context.{name}\""), &format!("{value}\""));
    }
    serde_json::from_str(&line).context("the format of the access log is not JSON")
}
