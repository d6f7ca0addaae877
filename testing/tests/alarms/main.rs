//! The alarms of `template.yaml`: their filters match the functions' log lines, and their metrics exist.

mod filter;
mod metric;

use anyhow::{Context, Result};
use local::template::{Function, Template};
use serde_json::json;
use testing::{App, Prepared, Response, workspace};
use yaml_serde::Value;

/// Returns the template's resources, with intrinsic functions unresolved.
fn resources() -> Result<Value> {
    let text = std::fs::read_to_string(workspace().join("template.yaml"))?;
    Ok(yaml_serde::from_str::<Value>(&text)?["Resources"].clone())
}

/// Returns the argument of `!Ref`, or the text itself; of `!If` the value for the stack's own resource.
fn text(value: &Value) -> &str {
    match value {
        Value::Tagged(tagged) if tagged.tag == "If" => text(&tagged.value[1]),
        Value::Tagged(tagged) => tagged.value.as_str().unwrap_or_default(),
        value => value.as_str().unwrap_or_default(),
    }
}

/// Returns the lines of a function's log that this filter of the template counts.
fn counted(app: &App, binary: &str, filter: &str) -> Result<Vec<serde_json::Value>> {
    let resources = resources()?;
    let lines = app.stack.logs(binary).into_iter();
    let mut lines: Vec<_> = lines.filter_map(|line| serde_json::from_str(&line).ok()).collect();
    let counted = lines.iter().map(|line| filter::counts(&resources, filter, line));
    let mut counted = counted.collect::<Result<Vec<_>>>()?.into_iter();
    lines.retain(|_| counted.next().unwrap_or_default());
    Ok(lines)
}

/// Sends the request and waits until its function has logged it.
async fn send_logged(app: &App, function: &Function, example: &Prepared) -> Result<Response> {
    let response = example.request.clone().send().await?;
    let line = app.stack.log_with(&function.binary, response.header("x-request-id")).await;
    line.context("the request was not logged").map(|_| response)
}

#[tokio::test]
async fn rate_limit_failures_and_5xx_are_counted() -> Result<()> {
    let app = App::start(&[("RATE_LIMIT_ON_ERROR", "deny")]).await?;
    let template = Template::load(&workspace().join("template.yaml"))?;
    let mut examples = Vec::new();
    for function in template.routed() {
        let example = app.prepare(&function.binary).await?;
        example.check(&send_logged(&app, function, &example).await?)?;
        for filter in ["RateLimitTableErrors", "ServerErrors"] {
            assert_eq!(counted(&app, &function.binary, filter)?, [] as [serde_json::Value; 0], "{filter}");
        }
        examples.push((function, example));
    }
    app.lose_table("RateLimitTable").await?;
    for (function, example) in examples {
        assert_eq!(send_logged(&app, function, &example).await?.status, 503);
        assert_eq!(counted(&app, &function.binary, "RateLimitTableErrors")?.len(), 1);
        let errors = counted(&app, &function.binary, "ServerErrors")?;
        let routes: Vec<_> = errors.iter().filter_map(|error| error["route"].as_str()).collect();
        assert_eq!(routes, [function.routes[0].to_string()], "{}", function.id);
    }
    Ok(())
}

#[tokio::test]
async fn unreadable_rows_are_counted() -> Result<()> {
    let app = App::start(&[]).await?;
    app.new_item("acme", "Apollo").await?;
    let mut row = app.rows("ProjectsTable", "PROJECT").await?.remove(0);
    row["createdAt"] = json!("yesterday");
    app.put_row("ProjectsTable", &row).await?;
    assert_eq!(app.list("").await?.status, 200);
    app.stack.log_with("list-projects", "unreadable row").await.context("it is not logged")?;
    assert_eq!(counted(&app, "list-projects", "UnreadableRows")?.len(), 1);
    let foreign =
        json!({"Records": [{"eventName": "REMOVE", "dynamodb": {"Keys": {}, "SequenceNumber": "1"}}]});
    app.stack.invoke("clean-up", foreign.to_string()).await?;
    app.stack.log_with("clean-up", "unreadable row").await.context("it is not logged")?;
    assert_eq!(counted(&app, "clean-up", "UnreadableRows")?.len(), 1);
    Ok(())
}

#[test]
fn only_failed_invocations_count_as_errors() -> Result<()> {
    let resources = resources()?;
    // All but the last line are Lambda's own.
    for (line, counted) in [
        (json!({"type": "platform.report", "record": {"status": "success"}}), false),
        (
            json!({"type": "platform.report", "record": {"status": "error", "errorType": "Runtime.ExitError"}}),
            true,
        ),
        (json!({"type": "platform.report", "record": {"status": "timeout"}}), true),
        (json!({"type": "platform.report", "record": {"status": "failure"}}), true),
        (json!({"type": "platform.initReport", "record": {"status": "error"}}), false),
        (json!({"message": "request", "status": 503}), false),
    ] {
        assert_eq!(filter::counts(&resources, "FunctionErrors", &line)?, counted, "{line}");
    }
    Ok(())
}

#[test]
fn errors_and_5xx_roll_back_every_deployment() -> Result<()> {
    let template = std::fs::read_to_string(workspace().join("template.yaml"))?;
    let (resources, template) = (resources()?, yaml_serde::from_str::<Value>(&template)?);
    let alarms = template["Globals"]["Function"]["DeploymentPreference"]["Alarms"].as_sequence();
    let alarms = alarms.context("there are no alarms")?.iter();
    let metrics = alarms.map(|alarm| text(&resources[text(alarm)]["Properties"]["MetricName"]));
    assert_eq!(metrics.collect::<Vec<_>>(), ["FunctionErrors", "ServerErrors"]);
    for (id, resource) in resources.as_mapping().into_iter().flatten() {
        assert!(resource["Properties"].get("DeploymentPreference").is_none(), "{} has others", text(id));
    }
    Ok(())
}

#[test]
fn every_alarm_has_an_existing_metric_and_threshold() -> Result<()> {
    let (resources, mut alarms) = (resources()?, 0);
    for (id, resource) in resources.as_mapping().into_iter().flatten() {
        if text(&resource["Type"]) == "AWS::CloudWatch::Alarm" {
            let alarm = &resource["Properties"];
            metric::check(alarm, &resources).with_context(|| text(id).to_owned())?;
            alarms += 1;
        }
    }
    assert!(alarms > 0, "there are no alarms");
    Ok(())
}

/// Returns the value of this dimension of every alarm on this metric.
fn alarms_on<'r>(resources: &'r Value, metric: &str, dimension: usize) -> Vec<&'r str> {
    let resources = resources.as_mapping().into_iter().flatten().map(|(_, resource)| &resource["Properties"]);
    let alarms = resources.filter(|alarm| text(&alarm["MetricName"]) == metric);
    alarms.map(|alarm| text(&alarm["Dimensions"][dimension]["Value"])).collect()
}

#[test]
fn late_and_failed_changes_raise_alarms() -> Result<()> {
    let resources = resources()?;
    let functions = resources.as_mapping().into_iter().flatten();
    for (id, function) in functions.filter(|(_, it)| text(&it["Type"]) == "AWS::Serverless::Function") {
        let events = function["Properties"]["Events"].as_mapping().into_iter().flatten();
        for (_, event) in events.filter(|(_, event)| text(&event["Type"]) == "DynamoDB") {
            let queue = text(&event["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]);
            let queue = queue.trim_end_matches(".Arn");
            assert_eq!(
                alarms_on(&resources, "ApproximateNumberOfMessagesVisible", 0),
                [format!("{queue}.QueueName")]
            );
            assert_eq!(alarms_on(&resources, "IteratorAge", 0), [text(id)]);
            // The stream keeps a record for a day. Three quarters of it are left to handle a failed one.
            let age = event["Properties"]["MaximumRecordAgeInSeconds"].as_u64();
            assert!(age.is_some_and(|age| age <= 6 * 60 * 60), "{} gives up too late", text(id));
            let kept = resources[queue]["Properties"]["MessageRetentionPeriod"].as_u64();
            assert!(kept.is_some_and(|kept| kept >= 4 * 24 * 60 * 60), "{queue} loses its messages");
        }
    }
    Ok(())
}

#[test]
fn only_api_gateways_own_429s_are_counted() -> Result<()> {
    let resources = resources()?;
    assert_eq!(text(&resources["ThrottledRequests"]["Properties"]["LogGroupName"]), "AccessLogs");
    for (status, by_the_function, counted) in
        [("429", "-", true), ("429", "200", false), ("200", "200", false), ("503", "-", false)]
    {
        let line =
            filter::access_line(&resources, &[("status", status), ("integrationStatus", by_the_function)])?;
        assert_eq!(filter::counts(&resources, "ThrottledRequests", &line)?, counted, "{line}");
    }
    Ok(())
}
