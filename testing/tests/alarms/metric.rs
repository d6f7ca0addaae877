//! Metrics of the alarms: those of AWS, and those of the template's filters. An alarm on any other never fires.

use anyhow::{Context, Result, ensure};
use yaml_serde::Value;

use super::text;

/// Metric that AWS reports.
struct Known {
    namespace: &'static str,
    name: &'static str,
    /// All dimensions, each with the type of the resource that it names.
    dimensions: &'static [(&'static str, &'static str)],
    /// Meaningful statistic.
    statistic: &'static str,
}

/// Metrics that alarms may have, from AWS's documentation: "Types of metrics for Lambda functions", "Working with metrics
/// for HTTP APIs", "DynamoDB metrics and dimensions".
const KNOWN: [Known; 5] = [
    // Of the whole account and region.
    Known { namespace: "AWS/Lambda", name: "Throttles", dimensions: &[], statistic: "Sum" },
    // Its average is a share of all responses.
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
/// Namespace of the filters' metrics.
const OWN: &str = "AWS::StackName";

/// Returns the dimensions of an alarm, as names and values.
fn dimensions(alarm: &Value) -> Vec<(&str, &str)> {
    let dimensions = alarm["Dimensions"].as_sequence().into_iter().flatten();
    dimensions.map(|dimension| (text(&dimension["Name"]), text(&dimension["Value"]))).collect()
}

fn statistic(alarm: &Value) -> &str {
    text(alarm.get("Statistic").unwrap_or(&alarm["ExtendedStatistic"]))
}

/// Checks that the alarm's metric exists.
pub(crate) fn check(alarm: &Value, resources: &Value) -> Result<()> {
    let (namespace, name) = (text(&alarm["Namespace"]), text(&alarm["MetricName"]));
    if namespace == OWN {
        ensure!(statistic(alarm) == "Sum", "{name} is a count and needs the statistic Sum");
        return check_own(alarm, name, resources);
    }
    let known = KNOWN.iter().find(|known| known.namespace == namespace && known.name == name);
    let known = known.with_context(|| format!("there is no metric {name} of {namespace}"))?;
    ensure!(statistic(alarm) == known.statistic, "{name} needs the statistic {}", known.statistic);
    // A global table has the metrics of a table.
    let kind = |id: &str| resources[id]["Type"].as_str().unwrap_or_default().replace("GlobalTable", "Table");
    let found: Vec<_> = dimensions(alarm).into_iter().map(|(name, id)| (name, kind(id))).collect();
    let wanted = known.dimensions.iter().map(|(name, kind)| (*name, (*kind).to_owned()));
    ensure!(found == wanted.collect::<Vec<_>>(), "{name} does not have the dimensions {found:?}");
    Ok(())
}

/// Checks that a filter produces this metric. It has no dimensions, because an alarm can't sum over them.
fn check_own(alarm: &Value, name: &str, resources: &Value) -> Result<()> {
    let made = &resources[name]["Properties"]["MetricTransformations"][0];
    ensure!(text(&made["MetricName"]) == name, "no filter {name} produces the metric {name}");
    ensure!(text(&made["MetricNamespace"]) == OWN, "the filter {name} has another namespace");
    ensure!(text(&made["MetricValue"]) == "1", "the filter {name} does not count by 1");
    ensure!(made.get("Dimensions").is_none() && dimensions(alarm).is_empty(), "{name} has dimensions");
    Ok(())
}

/// Checks that the alarm fires above a low threshold, and not on missing data.
pub(crate) fn check_threshold(alarm: &Value) -> Result<()> {
    let number = |name: &str| alarm[name].as_f64();
    ensure!(text(&alarm["ComparisonOperator"]) == "GreaterThanThreshold", "fires on too little");
    ensure!(text(&alarm["TreatMissingData"]) == "notBreaching", "fires on missing data");
    let periods = number("EvaluationPeriods").context("no EvaluationPeriods")?;
    let needed = number("DatapointsToAlarm").unwrap_or(periods);
    ensure!((1.0..=periods).contains(&needed), "{needed} of {periods} periods is invalid");
    // A threshold that is a parameter is set at deployment.
    let Some(threshold) = number("Threshold") else { return Ok(()) };
    let most = if statistic(alarm) == "Average" { 0.1 } else { 1.0 };
    ensure!((0.0..=most).contains(&threshold), "the threshold {threshold} is above {most}");
    Ok(())
}
