//! Metrics of the alarms: those of AWS, of the template's filters and of the functions' lines. An alarm on any other never
//! fires.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use yaml_serde::Value;

use super::text;

/// Metric that AWS reports.
struct Known {
    namespace: &'static str,
    name: &'static str,
    /// All dimensions, each with the type of the resource that it names, or with its value.
    dimensions: &'static [(&'static str, &'static str)],
    /// Meaningful statistic.
    statistic: &'static str,
}

/// Metrics that alarms may have, from AWS's documentation: "Types of metrics for Lambda functions", "Working with metrics
/// for HTTP APIs", "DynamoDB metrics and dimensions", "Available `CloudWatch` metrics for Amazon SQS", "Amazon S3 metrics
/// and dimensions", "Monitoring with `CloudWatch` metrics" of `CloudWatch` Logs, "Types of metrics for `CloudFront`", "AWS
/// WAF metrics and dimensions".
const KNOWN: [Known; 13] = [
    known("AWS/ApiGateway", "5xx", &[("ApiId", "AWS::Serverless::HttpApi")], "Sum"),
    known("AWS/ApiGateway", "Count", &[("ApiId", "AWS::Serverless::HttpApi")], "Sum"),
    known("AWS/ApiGateway", "Latency", &[("ApiId", "AWS::Serverless::HttpApi")], "TC(${LatencyAlarmMs}:)"),
    // Of all edges, in us-east-1.
    known("AWS/CloudFront", "5xxErrorRate", DISTRIBUTION, "Average"),
    known("AWS/CloudFront", "Requests", DISTRIBUTION, "Sum"),
    known("AWS/DynamoDB", "ReadThrottleEvents", &[("TableName", "AWS::DynamoDB::Table")], "Sum"),
    known("AWS/DynamoDB", "WriteThrottleEvents", &[("TableName", "AWS::DynamoDB::Table")], "Sum"),
    // Of the whole account and region.
    known("AWS/Lambda", "ClaimedAccountConcurrency", &[], "Maximum"),
    // Of the alias that the stream's records go to.
    known(
        "AWS/Lambda",
        "IteratorAge",
        &[("FunctionName", "AWS::Serverless::Function"), ("Resource", "AWS::Serverless::Function:live")],
        "Maximum",
    ),
    known("AWS/Logs", "IncomingBytes", &[("LogGroupName", "AWS::Logs::LogGroup")], "Sum"),
    known(
        "AWS/S3",
        "BucketSizeBytes",
        &[("BucketName", "AWS::S3::Bucket"), ("StorageType", "StandardStorage")],
        "Maximum",
    ),
    known("AWS/SQS", "ApproximateNumberOfMessagesVisible", &[("QueueName", "AWS::SQS::Queue")], "Maximum"),
    // The firewall's name. That of CloudFront has no region.
    known("AWS/WAFV2", "BlockedRequests", &[("WebACL", OWN), ("Rule", "ALL")], "Sum"),
];

const DISTRIBUTION: &[(&str, &str)] =
    &[("DistributionId", "AWS::CloudFront::Distribution"), ("Region", "Global")];

const fn known(
    namespace: &'static str,
    name: &'static str,
    dimensions: &'static [(&'static str, &'static str)],
    statistic: &'static str,
) -> Known {
    Known { namespace, name, dimensions, statistic }
}

/// Namespace of the service's own metrics, and the value of their dimension.
const OWN: &str = "AWS::StackName";

/// Metric of an alarm.
#[derive(Debug)]
pub(crate) struct Metric<'a> {
    namespace: &'a str,
    pub(crate) name: &'a str,
    dimensions: Vec<(&'a str, &'a str)>,
    statistic: &'a str,
    period: u64,
}

impl Metric<'_> {
    /// Returns `true` for a metric of the service, and not of AWS.
    pub(crate) fn is_own(&self) -> bool {
        self.namespace == OWN
    }

    /// Returns `true` for a metric of the functions' lines.
    pub(crate) fn is_embedded(&self) -> bool {
        self.is_own() && self.dimensions == [("service", OWN)]
    }

    /// Returns the value of a dimension: the id of a resource, or the text itself.
    pub(crate) fn dimension(&self, name: &str) -> Option<&str> {
        self.dimensions.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    }

    /// Checks that the metric exists, and that its statistic means something.
    fn check(&self, resources: &Value) -> Result<()> {
        if self.is_embedded() {
            let statistic = if self.name == "duration_ms" { "SampleCount" } else { "Sum" };
            ensure!(self.statistic == statistic, "{} needs the statistic {statistic}", self.name);
            return Ok(());
        }
        if self.is_own() {
            return self.check_filter(resources);
        }
        let is_it = |known: &&Known| known.namespace == self.namespace && known.name == self.name;
        let known = KNOWN.iter().find(is_it).with_context(|| format!("{self:?} does not exist"))?;
        ensure!(self.statistic == known.statistic, "{} needs the statistic {}", self.name, known.statistic);
        let found = self.dimensions.iter().map(|(name, value)| (*name, kind(resources, value)));
        let wanted = known.dimensions.iter().map(|(name, kind)| (*name, (*kind).to_owned()));
        ensure!(found.eq(wanted), "{self:?} has other dimensions");
        Ok(())
    }

    /// Checks that a filter produces this metric. It has no dimensions, because an alarm can't sum over them.
    fn check_filter(&self, resources: &Value) -> Result<()> {
        let made = &resources[self.name]["Properties"]["MetricTransformations"][0];
        ensure!(text(&made["MetricName"]) == self.name, "no filter produces {self:?}");
        ensure!(text(&made["MetricNamespace"]) == OWN, "the filter {} has another namespace", self.name);
        ensure!(text(&made["MetricValue"]) == "1", "the filter {} does not count by 1", self.name);
        ensure!(
            made.get("Dimensions").is_none() && self.dimensions.is_empty(),
            "{} has dimensions",
            self.name
        );
        ensure!(self.statistic == "Sum", "{} is a count and needs the statistic Sum", self.name);
        Ok(())
    }
}

/// Returns the metrics of an alarm: its only one, or those of its expression.
pub(crate) fn metrics(alarm: &Value) -> Vec<Metric<'_>> {
    let Some(queries) = alarm["Metrics"].as_sequence() else {
        return vec![metric(alarm, &alarm["Statistic"], &alarm["Period"])];
    };
    let queries = queries.iter().map(|query| &query["MetricStat"]).filter(|query| !query.is_null());
    queries.map(|query| metric(&query["Metric"], &query["Stat"], &query["Period"])).collect()
}

fn metric<'a>(metric: &'a Value, statistic: &'a Value, period: &Value) -> Metric<'a> {
    let dimensions = metric["Dimensions"].as_sequence().into_iter().flatten();
    Metric {
        namespace: text(&metric["Namespace"]),
        name: text(&metric["MetricName"]),
        dimensions: dimensions.map(|it| (text(&it["Name"]), text(&it["Value"]))).collect(),
        statistic: text(statistic),
        // A period that is a parameter is set at deployment.
        period: period.as_u64().unwrap_or(60),
    }
}

/// Returns the type of the resource that a dimension names: by its id, by `ID.QueueName`, or by `${ID}:live` with the
/// alias. Returns other values unchanged.
fn kind(resources: &Value, value: &str) -> String {
    let id = value.trim_end_matches(".QueueName");
    let (id, alias) = id.trim_start_matches("${").split_once('}').unwrap_or((id, ""));
    // A global table has the metrics of a table.
    let kind = resources[id]["Type"].as_str().unwrap_or(value).replace("GlobalTable", "Table");
    format!("{kind}{alias}")
}

/// Checks that the alarm's metrics exist, and that `CloudWatch` takes its expression and its periods.
pub(crate) fn check(alarm: &Value, resources: &Value) -> Result<()> {
    let metrics = metrics(alarm);
    metrics.iter().try_for_each(|metric| metric.check(resources))?;
    let periods: BTreeSet<_> = metrics.iter().map(|metric| metric.period).collect();
    ensure!(periods.len() <= 1, "metrics of an expression have one period, and not {periods:?}");
    if let Some(queries) = alarm["Metrics"].as_sequence() {
        check_expressions(queries)?;
    }
    check_periods(alarm, periods.first().copied().unwrap_or(60))
}

/// Checks that expressions use the ids of this alarm's metrics, and that one of them is the result.
fn check_expressions(queries: &[Value]) -> Result<()> {
    let ids: BTreeSet<_> = queries.iter().map(|query| text(&query["Id"])).collect();
    let is_id = |word: &&str| word.starts_with(|letter: char| letter.is_ascii_lowercase());
    for query in queries {
        let expression = text(&query["Expression"]);
        // Names of parameters and queries of Metrics Insights begin with capitals, texts are quoted.
        let words =
            expression.split('"').step_by(2).flat_map(|part| part.split(|c: char| !c.is_alphanumeric()));
        for word in words.filter(is_id) {
            ensure!(ids.contains(word), "{expression} uses {word}, which is no metric of the alarm");
        }
    }
    let results = queries.iter().filter(|query| query["ReturnData"].as_bool() != Some(false)).count();
    ensure!(results == 1, "{results} metrics are the result");
    Ok(())
}

/// Checks the numbers of periods, and `CloudWatch`'s limit: a day in all, or a week for periods of an hour or more.
fn check_periods(alarm: &Value, period: u64) -> Result<()> {
    let number = |name: &str| alarm[name].as_u64();
    let periods = number("EvaluationPeriods").context("no EvaluationPeriods")?;
    let needed = number("DatapointsToAlarm").unwrap_or(periods);
    ensure!((1..=periods).contains(&needed), "{needed} of {periods} periods is invalid");
    let days = if period < 3600 { 1 } else { 7 };
    ensure!(period * periods <= days * 86_400, "{periods} periods of {period} s are more than {days} days");
    let compares = (text(&alarm["ComparisonOperator"]), text(&alarm["TreatMissingData"]));
    let known = [
        ("GreaterThanThreshold", "notBreaching"),
        ("GreaterThanThreshold", "ignore"),
        // Silence is the symptom.
        ("LessThanThreshold", "breaching"),
    ];
    ensure!(known.contains(&compares), "{compares:?} is an unusual comparison");
    Ok(())
}
