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
    /// Highest meaningful threshold.
    most: f64,
}

/// Metrics that alarms may have, from AWS's documentation: "Types of metrics for Lambda functions", "Working with metrics
/// for HTTP APIs", "DynamoDB metrics and dimensions", "Available `CloudWatch` metrics for Amazon SQS".
const KNOWN: [Known; 7] = [
    // Of the whole account and region.
    Known { namespace: "AWS/Lambda", name: "Throttles", dimensions: &[], statistic: "Sum", most: 1.0 },
    // In milliseconds, of the alias that the stream's records go to.
    Known {
        namespace: "AWS/Lambda",
        name: "IteratorAge",
        dimensions: &[
            ("FunctionName", "AWS::Serverless::Function"),
            ("Resource", "AWS::Serverless::Function:live"),
        ],
        statistic: "Maximum",
        most: 600_000.0,
    },
    Known {
        namespace: "AWS/SQS",
        name: "ApproximateNumberOfMessagesVisible",
        dimensions: &[("QueueName", "AWS::SQS::Queue")],
        statistic: "Maximum",
        most: 1.0,
    },
    // Its average is a share of all responses.
    Known {
        namespace: "AWS/ApiGateway",
        name: "5xx",
        dimensions: &[("ApiId", "AWS::Serverless::HttpApi")],
        statistic: "Average",
        most: 0.1,
    },
    // In milliseconds.
    Known {
        namespace: "AWS/ApiGateway",
        name: "Latency",
        dimensions: &[("ApiId", "AWS::Serverless::HttpApi")],
        statistic: "p99",
        most: 10_000.0,
    },
    Known {
        namespace: "AWS/DynamoDB",
        name: "ReadThrottleEvents",
        dimensions: &[("TableName", "AWS::DynamoDB::Table")],
        statistic: "Sum",
        most: 1.0,
    },
    Known {
        namespace: "AWS/DynamoDB",
        name: "WriteThrottleEvents",
        dimensions: &[("TableName", "AWS::DynamoDB::Table")],
        statistic: "Sum",
        most: 1.0,
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

/// Returns the type of the resource that a dimension names: by its id, by `ID.QueueName`, or by `${ID}:live` with the alias.
fn kind(resources: &Value, value: &str) -> String {
    let id = value.trim_end_matches(".QueueName");
    let (id, alias) = id.trim_start_matches("${").split_once('}').unwrap_or((id, ""));
    // A global table has the metrics of a table.
    let kind = resources[id]["Type"].as_str().unwrap_or_default().replace("GlobalTable", "Table");
    format!("{kind}{alias}")
}

/// Checks that the alarm's metric exists, and that its threshold is low.
pub(crate) fn check(alarm: &Value, resources: &Value) -> Result<()> {
    let (namespace, name) = (text(&alarm["Namespace"]), text(&alarm["MetricName"]));
    if namespace == OWN {
        ensure!(statistic(alarm) == "Sum", "{name} is a count and needs the statistic Sum");
        return check_own(alarm, name, resources);
    }
    let known = KNOWN.iter().find(|known| known.namespace == namespace && known.name == name);
    let known = known.with_context(|| format!("there is no metric {name} of {namespace}"))?;
    ensure!(statistic(alarm) == known.statistic, "{name} needs the statistic {}", known.statistic);
    let found: Vec<_> =
        dimensions(alarm).into_iter().map(|(name, value)| (name, kind(resources, value))).collect();
    let wanted = known.dimensions.iter().map(|(name, kind)| (*name, (*kind).to_owned()));
    ensure!(found == wanted.collect::<Vec<_>>(), "{name} does not have the dimensions {found:?}");
    check_threshold(alarm, known.most)
}

/// Checks that a filter produces this metric. It has no dimensions, because an alarm can't sum over them.
fn check_own(alarm: &Value, name: &str, resources: &Value) -> Result<()> {
    let made = &resources[name]["Properties"]["MetricTransformations"][0];
    ensure!(text(&made["MetricName"]) == name, "no filter {name} produces the metric {name}");
    ensure!(text(&made["MetricNamespace"]) == OWN, "the filter {name} has another namespace");
    ensure!(text(&made["MetricValue"]) == "1", "the filter {name} does not count by 1");
    ensure!(made.get("Dimensions").is_none() && dimensions(alarm).is_empty(), "{name} has dimensions");
    check_threshold(alarm, 1.0)
}

/// Checks that the alarm fires above a low threshold, and not on missing data.
fn check_threshold(alarm: &Value, most: f64) -> Result<()> {
    let number = |name: &str| alarm[name].as_f64();
    ensure!(text(&alarm["ComparisonOperator"]) == "GreaterThanThreshold", "fires on too little");
    ensure!(text(&alarm["TreatMissingData"]) == "notBreaching", "fires on missing data");
    let periods = number("EvaluationPeriods").context("no EvaluationPeriods")?;
    let needed = number("DatapointsToAlarm").unwrap_or(periods);
    ensure!((1.0..=periods).contains(&needed), "{needed} of {periods} periods is invalid");
    // A threshold that is a parameter is set at deployment.
    let Some(threshold) = number("Threshold") else { return Ok(()) };
    ensure!((0.0..=most).contains(&threshold), "the threshold {threshold} is above {most}");
    Ok(())
}
