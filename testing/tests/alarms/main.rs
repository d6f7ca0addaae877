//! The alarms of `template.yaml` and `edge.yaml`: their metrics exist and rise with real faults, and the runbook explains
//! them.

mod embedded;
mod fault_table;
mod faults;
mod filter;
mod metric;
mod runbook;

use anyhow::{Context, Result};
use testing::workspace;
use yaml_serde::Value;

fn template() -> Result<Value> {
    read("template.yaml")
}

fn read(file: &str) -> Result<Value> {
    let text = std::fs::read_to_string(workspace().join(file))?;
    Ok(yaml_serde::from_str(&text)?)
}

/// Returns the resources of both templates: of the API, and of CloudFront in front of it.
fn resources_of_both() -> Result<[Value; 2]> {
    Ok([resources()?, read("edge.yaml")?["Resources"].clone()])
}

/// Returns the template's resources, with intrinsic functions unresolved.
fn resources() -> Result<Value> {
    Ok(template()?["Resources"].clone())
}

/// Returns the argument of an intrinsic function, or the text itself; of `!If` the value for the stack's own resource.
fn text(value: &Value) -> &str {
    match value {
        Value::Tagged(tagged) if tagged.tag == "If" => text(&tagged.value[1]),
        // `!Sub` may have a text and its variables.
        Value::Tagged(tagged) => tagged.value.as_str().or(tagged.value[0].as_str()).unwrap_or_default(),
        value => value.as_str().unwrap_or_default(),
    }
}

/// Returns the resources of a type, as ids and properties.
fn of_type<'r>(resources: &'r Value, kind: &str) -> impl Iterator<Item = (&'r str, &'r Value)> {
    let resources = resources.as_mapping().into_iter().flatten();
    let resources = resources.filter(move |(_, resource)| text(&resource["Type"]) == kind);
    resources.map(|(id, resource)| (text(id), &resource["Properties"]))
}

/// Returns all alarms, as ids and properties.
fn alarms(resources: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let composite = of_type(resources, "AWS::CloudWatch::CompositeAlarm");
    of_type(resources, "AWS::CloudWatch::Alarm").chain(composite)
}

/// Returns the ids in a text with `${ID}`.
fn references(text: &str) -> Vec<&str> {
    text.split("${").skip(1).filter_map(|part| part.split('}').next()).collect()
}

#[test]
fn every_alarm_has_existing_metrics_and_periods() -> Result<()> {
    for resources in resources_of_both()? {
        for (id, alarm) in of_type(&resources, "AWS::CloudWatch::Alarm") {
            metric::check(alarm, &resources).with_context(|| id.to_owned())?;
        }
        assert!(alarms(&resources).count() > 0, "there are no alarms");
    }
    Ok(())
}

#[test]
fn composite_alarms_notify_for_their_parts() -> Result<()> {
    let (resources, mut parts) = (resources()?, Vec::new());
    for (id, composite) in of_type(&resources, "AWS::CloudWatch::CompositeAlarm") {
        let windows = references(text(&composite["AlarmRule"]));
        assert_eq!(windows.len(), 2, "{id} has a long and a short window");
        parts.extend(windows.into_iter().map(str::to_owned));
    }
    for (id, alarm) in alarms(&resources) {
        let is_silent = id.starts_with("Canary") || parts.iter().any(|part| part == id);
        for actions in ["AlarmActions", "OKActions"] {
            assert_eq!(alarm.get(actions).is_none(), is_silent, "{id}: {actions}");
        }
    }
    Ok(())
}

#[test]
fn only_canary_alarms_stop_a_deployment() -> Result<()> {
    let (resources, template) = (resources()?, template()?);
    let stopping = template["Globals"]["Function"]["DeploymentPreference"]["Alarms"].as_sequence();
    let stopping: Vec<_> = stopping.context("there are no alarms")?.iter().map(text).collect();
    let canary = alarms(&resources).map(|(id, _)| id).filter(|id| id.starts_with("Canary"));
    assert_eq!(stopping, canary.collect::<Vec<_>>());
    for id in stopping {
        let alarm = &resources[id]["Properties"];
        // The API depends on the deployment, so an alarm of its metrics would be circular.
        assert!(metric::metrics(alarm).iter().all(metric::Metric::is_own), "{id} has a metric of AWS");
    }
    for (id, function) in of_type(&resources, "AWS::Serverless::Function") {
        assert!(function.get("DeploymentPreference").is_none(), "{id} has other alarms");
    }
    Ok(())
}

#[test]
fn protected_data_needs_an_alarm_topic() -> Result<()> {
    let template = template()?;
    let rule = &template["Rules"]["TopicForAlarms"];
    let texts = |value: &Value| yaml_serde::to_string(value).unwrap_or_default();
    assert!(texts(&rule["RuleCondition"]).contains("DeletionProtection"));
    assert!(texts(&rule["Assertions"]).contains("AlarmTopicArn"));
    Ok(())
}

/// Returns the value of this dimension of every alarm on this metric.
fn alarms_on<'r>(resources: &'r Value, metric: &str, dimension: usize) -> Vec<&'r str> {
    let alarms = alarms(resources).filter(|(_, alarm)| text(&alarm["MetricName"]) == metric);
    alarms.map(|(_, alarm)| text(&alarm["Dimensions"][dimension]["Value"])).collect()
}

#[test]
fn late_and_failed_changes_raise_alarms() -> Result<()> {
    let resources = resources()?;
    for (id, function) in of_type(&resources, "AWS::Serverless::Function") {
        let events = function["Events"].as_mapping().into_iter().flatten();
        for (_, event) in events.filter(|(_, event)| text(&event["Type"]) == "DynamoDB") {
            let queue = text(&event["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]);
            let queue = queue.trim_end_matches(".Arn");
            assert_eq!(
                alarms_on(&resources, "ApproximateNumberOfMessagesVisible", 0),
                [format!("{queue}.QueueName")]
            );
            assert_eq!(alarms_on(&resources, "IteratorAge", 0), [id]);
            // The stream keeps a record for a day. Three quarters of it are left to handle a failed one.
            let age = event["Properties"]["MaximumRecordAgeInSeconds"].as_u64();
            assert!(age.is_some_and(|age| age <= 6 * 60 * 60), "{id} gives up too late");
            let kept = resources[queue]["Properties"]["MessageRetentionPeriod"].as_u64();
            assert!(kept.is_some_and(|kept| kept >= 4 * 24 * 60 * 60), "{queue} loses its messages");
        }
    }
    Ok(())
}
