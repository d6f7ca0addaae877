//! Function's own line about a request or a batch: the caller, the code of an error and its causes.

use serde_json::Value;

use crate::lambda::Record;

/// Parts of the line that an entry shows.
#[derive(Debug, Default)]
pub(super) struct Summary {
    /// User and organization.
    pub(super) caller: Option<String>,
    /// Code of the error, or the number of changes.
    pub(super) reason: Option<String>,
    /// Causes of the error, the outermost first.
    pub(super) causes: Vec<String>,
}

impl Summary {
    /// Reads the line, if the function has logged one.
    pub(super) fn of(record: &Record) -> Self {
        record.summary.as_ref().map_or_else(Self::default, |line| Self {
            caller: caller(line),
            reason: reason(line),
            causes: line["error"].as_str().map(causes).unwrap_or_default(),
        })
    }
}

fn caller(line: &Value) -> Option<String> {
    match (line["user"].as_str(), line["org"].as_str()) {
        (Some(user), Some(organization)) => Some(format!("{user} of {organization}")),
        (user, organization) => user.or(organization).map(str::to_owned),
    }
}

fn reason(line: &Value) -> Option<String> {
    if let Some(changes) = line["changes"].as_u64() {
        let noun = if changes == 1 { "change" } else { "changes" };
        let failed = line["failed_changes"].as_u64().filter(|failures| *failures > 0);
        let failed = failed.map(|failures| format!(", {failures} to repeat")).unwrap_or_default();
        return Some(format!("{changes} {noun}{failed}"));
    }
    let code = line["code"].as_str()?;
    Some(line["refused"].as_str().map_or_else(|| code.to_owned(), |refused| format!("{code}: {refused}")))
}

/// Splits a chain of causes, which functions join by colons.
pub(super) fn causes(chain: &str) -> Vec<String> {
    chain.split(": ").map(str::to_owned).collect()
}
