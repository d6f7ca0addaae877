//! The metrics that alarms are about: those that AWS reports, and those that filters of the template make. An alarm about
//! any other is never raised, and nothing says so. What must stay out: what is done about an alarm.

use anyhow::{Context, Result, ensure};
use yaml_serde::Value;

use super::text;

/// A metric as AWS reports it.
struct Known {
    namespace: &'static str,
    name: &'static str,
    /// Exactly these, each with the type of the resource that it names.
    dimensions: &'static [(&'static str, &'static str)],
    /// The statistic that makes sense of it.
    statistic: &'static str,
}

/// From the lists of AWS's documentation, each with what an alarm may be about: "Types of metrics for Lambda functions",
/// "Working with metrics for HTTP APIs", "DynamoDB metrics and dimensions".
const KNOWN: [Known; 5] = [
    // Of the whole account and region.
    Known { namespace: "AWS/Lambda", name: "Throttles", dimensions: &[], statistic: "Sum" },
    // Its average is a share of all answers.
    Known {
        namespace: "AWS/ApiGateway",
        name: "5xx",
        dimensions: &[("ApiId", "AWS::Serverless::HttpApi")],
        statistic: "Average",
    },
    // In milliseconds.
    Known {
        namespace: "AWS/ApiGateway",
        name: "Latency",
        dimensions: &[("ApiId", "AWS::Serverless::HttpApi")],
        statistic: "p99",
    },
    Known {
        namespace: "AWS/DynamoDB",
        name: "ReadThrottleEvents",
        dimensions: &[("TableName", "AWS::DynamoDB::Table")],
        statistic: "Sum",
    },
    Known {
        namespace: "AWS/DynamoDB",
        name: "WriteThrottleEvents",
        dimensions: &[("TableName", "AWS::DynamoDB::Table")],
        statistic: "Sum",
    },
];
/// Where the metrics of filters are.
const OWN: &str = "AWS::StackName";

/// The dimensions of an alarm, as names and what they are about.
fn dimensions(alarm: &Value) -> Vec<(&str, &str)> {
    let dimensions = alarm["Dimensions"].as_sequence().into_iter().flatten();
    dimensions.map(|dimension| (text(&dimension["Name"]), text(&dimension["Value"]))).collect()
}

fn statistic(alarm: &Value) -> &str {
    text(alarm.get("Statistic").unwrap_or(&alarm["ExtendedStatistic"]))
}

/// Whether there is such a metric.
pub(crate) fn check(alarm: &Value, resources: &Value) -> Result<()> {
    let (namespace, name) = (text(&alarm["Namespace"]), text(&alarm["MetricName"]));
    if namespace == OWN {
        ensure!(statistic(alarm) == "Sum", "{name} is counted, so only its sum says anything");
        return check_own(alarm, name, resources);
    }
    let known = KNOWN.iter().find(|known| known.namespace == namespace && known.name == name);
    let known = known.with_context(|| format!("there is no metric {name} of {namespace}"))?;
    ensure!(statistic(alarm) == known.statistic, "{name} wants the statistic {}", known.statistic);
    let kind = |id: &str| resources[id]["Type"].as_str().unwrap_or_default().to_owned();
    let found: Vec<_> = dimensions(alarm).into_iter().map(|(name, id)| (name, kind(id))).collect();
    let wanted = known.dimensions.iter().map(|(name, kind)| (*name, (*kind).to_owned()));
    ensure!(found == wanted.collect::<Vec<_>>(), "{name} has other dimensions than {found:?}");
    Ok(())
}

/// Whether a filter makes this metric. A metric with dimensions has no sum over them that an alarm could be about.
fn check_own(alarm: &Value, name: &str, resources: &Value) -> Result<()> {
    let made = &resources[name]["Properties"]["MetricTransformations"][0];
    ensure!(text(&made["MetricName"]) == name, "no filter {name} makes the metric {name}");
    ensure!(text(&made["MetricNamespace"]) == OWN, "the filter {name} has another namespace");
    ensure!(text(&made["MetricValue"]) == "1", "the filter {name} counts by something else than 1");
    ensure!(made.get("Dimensions").is_none() && dimensions(alarm).is_empty(), "{name} has dimensions");
    Ok(())
}

/// Whether the alarm is raised by too much, and not by silence.
pub(crate) fn check_bounds(alarm: &Value) -> Result<()> {
    let number = |name: &str| alarm[name].as_f64();
    ensure!(text(&alarm["ComparisonOperator"]) == "GreaterThanThreshold", "raised by too little");
    ensure!(text(&alarm["TreatMissingData"]) == "notBreaching", "raised by silence");
    let periods = number("EvaluationPeriods").context("no EvaluationPeriods")?;
    let needed = number("DatapointsToAlarm").unwrap_or(periods);
    ensure!((1.0..=periods).contains(&needed), "{needed} periods of {periods} can't be");
    // One that is a parameter is for whoever deploys.
    let Some(threshold) = number("Threshold") else { return Ok(()) };
    let most = if statistic(alarm) == "Average" { 0.1 } else { 1.0 };
    ensure!((0.0..=most).contains(&threshold), "nobody hears of it before there are more than {threshold}");
    Ok(())
}
