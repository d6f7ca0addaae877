//! Lines of the logs that a person finds by the id of a response.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::Value as Line;
use testing::{App, Response};

use crate::faults::lines;
use crate::{filter, resources};

/// Metrics of a line that say more than its calls.
const COUNTS: [&str; 6] = [
    "throttled_calls",
    "uncounted",
    "counter_failures",
    "issuer_failures",
    "unreadable_rows",
    "failed_changes",
];

/// Lines of one invocation, and that of the access log.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) status: u16,
    pub(super) lines: Vec<Line>,
    /// `true` if the fault makes responses slow, and not only a busy machine.
    pub(super) is_slow: bool,
}

impl Evidence {
    /// Finds the lines by API Gateway's id: the access log has it with Lambda's id, and the functions' lines have either.
    pub(super) async fn by_id(app: &App, id: &str) -> Result<Self> {
        let access = app.stack.access(id).context("the request is not in the access log")?;
        let invocation = access.function_request_id.context("no function was called")?;
        let last = [
            format!("\"function_version\":\"$LATEST\",\"request_id\":\"{id}\""),
            format!("\"requestId\":\"{invocation}\""),
        ];
        let mut searches: FuturesUnordered<_> = binaries(app)
            .into_iter()
            .flat_map(|binary| last.iter().map(move |text| app.stack.log_with(binary, text)))
            .collect();
        while searches.next().await.with_context(|| format!("nothing is logged of {id}"))?.is_none() {}
        let [status, took] = [access.status.into(), access.took.as_millis()].map(|number| number.to_string());
        let values = [
            ("requestId", id),
            ("integration.requestId", &invocation),
            ("integrationStatus", "200"),
            ("status", &status),
            ("responseLatency", &took),
        ];
        let access_line = filter::access_line(&resources()?, &values)?;
        let lines = of_invocation(app, &invocation).into_iter().chain([access_line]).collect();
        Ok(Self { status: access.status, lines, is_slow: false })
    }

    /// Finds the lines of the first batch that could not handle the deletion of a project: its line names the project.
    pub(super) async fn of_deletion(app: &App, response: &Response) -> Result<Self> {
        let request = Self::by_id(app, response.header("apigw-requestid")).await?;
        let project = request.lines.iter().find_map(|line| line["project_id"].as_str());
        let project = project.context("the line names no project")?;
        let names_it = |line: &Line| line["row"].as_str().is_some_and(|row| row.contains(project));
        let failure = lines(app).into_iter().find(names_it).context("no failure names the project")?;
        let invocation = failure["function_request_id"].as_str().context("no id of the batch")?;
        Ok(Self { lines: of_invocation(app, invocation), ..request })
    }

    /// Describes the lines: calls that failed or were repeated, and other causes.
    pub(super) fn describe(&self, app: &App) -> String {
        let mut text = self.lines.iter().flat_map(parts).collect::<Vec<_>>().join("; ");
        let template = app.stack.template();
        for id in template.tables.iter().map(|table| &table.id) {
            text = text.replace(app.stack.table(id), id);
        }
        for id in template.buckets.iter().map(|bucket| &bucket.id) {
            text = text.replace(app.stack.bucket(id), id);
        }
        text
    }
}

fn binaries(app: &App) -> BTreeSet<&str> {
    app.stack.template().functions.iter().map(|function| function.binary.as_str()).collect()
}

/// Returns the functions' and Lambda's lines with Lambda's id.
fn of_invocation(app: &App, id: &str) -> Vec<Line> {
    let has_id = |line: &Line| line["function_request_id"] == id || line["record"]["requestId"] == id;
    lines(app).into_iter().filter(has_id).collect()
}

/// Describes a line.
fn parts(line: &Line) -> Vec<String> {
    let text = |value: &Line| value.as_str().unwrap_or_default().to_owned();
    match (line["message"].as_str(), line["type"].as_str()) {
        (Some("request" | "changes"), _) => of_request(line),
        (Some("panic"), _) => {
            vec![format!("panic in {}", text(&line["location"]).split(':').next().unwrap_or_default())]
        }
        (Some(message), _) if line["level"] == "ERROR" => vec![message.to_owned()],
        (_, Some(kind)) => {
            let outcome = [&line["record"]["status"], &line["record"]["errorType"]].map(text).join(" ");
            vec![format!("{kind}: {}", outcome.trim_end())]
        }
        _ => Vec::new(),
    }
}

fn of_request(line: &Line) -> Vec<String> {
    let calls = line["calls"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut parts: Vec<_> = calls.iter().filter_map(of_call).collect();
    parts.sort_unstable();
    if let Some(last) = calls.last().filter(|_| line["code"] == "CONFLICT") {
        // A conflict is no failure of a call, so each attempt is a call of its own.
        let attempts = calls.iter().filter(|call| call["operation"] == last["operation"]).count();
        parts.push(format!("{} ({attempts} calls)", name_of(last)));
    }
    let is_explained = calls.iter().any(|call| call["failed"].is_string());
    // The first cause is the message in the response.
    let cause = line["error"].as_str().and_then(|error| error.split_once(": "));
    parts.extend(cause.filter(|_| !is_explained).map(|(_, cause)| format!("error “{cause}”")));
    for key in ["refused", "reason"] {
        // Without the seconds of a 429.
        let value = line[key].as_str().and_then(|text| text.split(", try again in ").next());
        parts.extend(value.map(|value| format!("{key} “{value}”")));
    }
    parts.extend(COUNTS.iter().filter(|name| line[**name].is_number()).map(|name| format!("`{name}`")));
    if parts.is_empty() {
        parts.extend(line["code"].as_str().map(|code| format!("code “{code}”")));
    }
    parts
}

/// Describes a call that failed, or was repeated.
fn of_call(call: &Line) -> Option<String> {
    let (failed, attempts) = (call["failed"].as_str(), call["attempts"].as_u64());
    let retried = call["retried"].as_str().map(|kind| format!(": retried after {kind}"));
    let failed_as = failed.map(|kind| format!(": {kind}")).or(retried).unwrap_or_default();
    let attempts = attempts.map(|count| format!(" ({count} attempts)")).unwrap_or_default();
    let text = format!("{}{failed_as}{attempts}", name_of(call));
    (failed.is_some() || !attempts.is_empty()).then_some(text)
}

/// Names the operation and the resource of a call.
fn name_of(call: &Line) -> String {
    let [operation, resource] = ["operation", "resource"].map(|key| call[key].as_str().unwrap_or_default());
    format!("{operation} of {resource}")
}
