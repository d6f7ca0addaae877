//! Alarms of the template that see a fault, by the metrics of its lines and those that AWS reports.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::Value as Line;
use testing::App;
use yaml_serde::Value;

use super::evidence::Evidence;
use crate::metric::{Metric, metrics};
use crate::{embedded, filter, of_type, references, template, text};

/// Metrics that count all requests: those in which an alarm takes the share of others, or misses any.
const OF_ALL: [&str; 2] = ["duration_ms", "ProtectedRequests"];

/// Operations that DynamoDB throttles as reads.
const READS: [&str; 2] = ["GetItem", "Query"];

/// Returns the ids of the alarms that see the fault, in the template's order. A composite alarm stands for its windows.
pub(super) fn alarms(app: &App, evidence: &Evidence) -> Result<Vec<String>> {
    let template = template()?;
    let resources = &template["Resources"];
    let limit = template["Parameters"]["LatencyAlarmMs"]["Default"].as_f64().unwrap_or(f64::MAX);
    let symptoms = Symptoms { app, evidence, resources, names: embedded_names(evidence)?, limit };
    let mut seen = BTreeSet::new();
    for (id, alarm) in of_type(resources, "AWS::CloudWatch::Alarm") {
        if symptoms.is_seen_by(alarm)? {
            seen.insert(id);
        }
    }
    for (id, alarm) in of_type(resources, "AWS::CloudWatch::CompositeAlarm") {
        let windows = references(text(&alarm["AlarmRule"]));
        if windows.iter().all(|window| seen.remove(window)) {
            seen.insert(id);
        }
    }
    let all = resources.as_mapping().into_iter().flatten().map(|(id, _)| text(id));
    Ok(all.filter(|id| seen.contains(id)).map(str::to_owned).collect())
}

/// Returns the names of the metrics in the lines, of all routes together.
fn embedded_names(evidence: &Evidence) -> Result<BTreeSet<String>> {
    let samples = evidence.lines.iter().map(embedded::samples).collect::<Result<Vec<_>>>()?;
    let of_service = samples.into_iter().flatten().filter(|sample| sample.dimensions.len() == 1);
    Ok(of_service.filter(|sample| sample.value > 0.0).map(|sample| sample.name).collect())
}

struct Symptoms<'e> {
    app: &'e App,
    evidence: &'e Evidence,
    resources: &'e Value,
    /// Metrics in the lines.
    names: BTreeSet<String>,
    /// `LatencyAlarmMs`.
    limit: f64,
}

impl Symptoms<'_> {
    fn is_seen_by(&self, alarm: &Value) -> Result<bool> {
        let expressions = alarm["Metrics"].as_sequence().into_iter().flatten();
        let mut expressions = expressions.map(|query| text(&query["Expression"]));
        if expressions.any(|expression| expression.starts_with("INSIGHT_RULE_METRIC")) {
            return Ok(self.has_contributor());
        }
        for metric in metrics(alarm) {
            if self.has(&metric)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn has(&self, metric: &Metric<'_>) -> Result<bool> {
        if OF_ALL.contains(&metric.name) {
            return Ok(false);
        }
        if metric.is_embedded() {
            return Ok(self.names.contains(metric.name));
        }
        if metric.is_own() {
            let counted = self.evidence.lines.iter();
            let counted = counted.map(|line| filter::counts(self.resources, metric.name, line));
            return Ok(counted.collect::<Result<Vec<_>>>()?.contains(&true));
        }
        Ok(match metric.name {
            "5xx" => self.evidence.status >= 500,
            "Latency" => self.evidence.is_slow && self.duration() > self.limit,
            "ReadThrottleEvents" => self.is_throttled(metric, true),
            "WriteThrottleEvents" => self.is_throttled(metric, false),
            // The change waits, and is given up in the end.
            "IteratorAge" | "ApproximateNumberOfMessagesVisible" => self.names.contains("failed_changes"),
            _ => false,
        })
    }

    /// Returns `true` if a line counts for the rule of faults by organization.
    fn has_contributor(&self) -> bool {
        let mut lines = self.evidence.lines.iter();
        lines.any(|line| line["org"].is_string() && line["status"].as_u64() > Some(499))
    }

    fn duration(&self) -> f64 {
        // The last line is that of the access log.
        self.evidence.lines.last().and_then(|line| line["duration_ms"].as_f64()).unwrap_or_default()
    }

    /// Returns `true` if the table of the metric throttled a call.
    fn is_throttled(&self, metric: &Metric<'_>, is_read: bool) -> bool {
        let table = metric.dimension("TableName").map(|id| self.app.stack.table(id));
        let is_it = |call: &&Line| call["resource"].as_str() == table;
        let is_kind =
            |call: &&Line| call["operation"].as_str().is_some_and(|own| READS.contains(&own)) == is_read;
        self.throttled().into_iter().filter(is_it).any(|call| is_kind(&call))
    }

    /// Returns the calls with a throttled attempt. A call with several is one, if its line counts any.
    fn throttled(&self) -> Vec<&Line> {
        let lines = self.evidence.lines.iter().filter(|line| line["throttled_calls"].is_number());
        let calls = lines.flat_map(|line| line["calls"].as_array().into_iter().flatten());
        calls.filter(|call| call["failed"] == "throttled" || call["attempts"].is_number()).collect()
    }
}
