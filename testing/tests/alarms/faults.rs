//! Real faults, and the metrics and filters of alarms that they raise.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use local::client::RequestBuilder;
use serde_json::{Value as Line, json};
use testing::{App, Issuer, Serving, SigningKey, claims};

use super::{alarms, embedded, filter, metric, resources, text};

/// Sends a request to `list-projects`, and waits for its line.
async fn logged(app: &App, request: RequestBuilder) -> Result<u16> {
    let response = request.send().await?;
    let line = app.stack.log_with("list-projects", response.header("x-request-id")).await;
    line.context("the request was not logged").map(|_| response.status)
}

/// Returns the lines of all functions that are JSON.
pub(crate) fn lines(app: &App) -> Vec<Line> {
    let binaries: BTreeSet<_> = app.stack.template().functions.iter().map(|it| &it.binary).collect();
    let lines = binaries.into_iter().flat_map(|binary| app.stack.logs(binary));
    lines.filter_map(|line| serde_json::from_str(&line).ok()).collect()
}

/// Returns the names of the metrics that alarms would see in these lines.
fn seen(lines: &[Line]) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for sample in lines.iter().map(embedded::samples).collect::<Result<Vec<_>>>()?.into_iter().flatten() {
        let of_service = [("service".to_owned(), sample.namespace)];
        if sample.dimensions == of_service && sample.value > 0.0 {
            names.insert(sample.name);
        }
    }
    Ok(names)
}

/// Raises what needs a working issuer: refusals, unreadable rows, a lost counter and lost projects.
async fn storage_faults() -> Result<Vec<Line>> {
    let app = App::start(&[]).await?;
    app.new_item("acme", "Apollo").await?;
    assert_eq!(logged(&app, app.client.get("/v1/orgs/acme/projects")).await?, 401);
    let mut row = app.rows("ProjectsTable", "PROJECT").await?.remove(0);
    row["createdAt"] = json!("yesterday");
    app.put_row("ProjectsTable", &row).await?;
    assert_eq!(logged(&app, app.as_alice("GET", "/v1/orgs/acme/projects")).await?, 200);
    app.lose_table("RateLimitTable").await?;
    assert_eq!(logged(&app, app.as_alice("GET", "/v1/orgs/acme/projects")).await?, 200);
    app.lose_table("ProjectsTable").await?;
    assert_eq!(logged(&app, app.as_alice("GET", "/v1/orgs/acme/projects")).await?, 503);
    Ok(lines(&app))
}

async fn issuer_fault() -> Result<Vec<Line>> {
    let issuer = Issuer::start(Serving::Text(500, "down".to_owned())).await?;
    let app = App::start(&[("AUTH_JWKS_URL", &issuer.url())]).await?;
    let token = SigningKey::ed25519("1")?.token(&claims("alice", &["acme"]))?;
    assert_eq!(logged(&app, app.client.get("/v1/orgs/acme/projects").bearer(&token)).await?, 503);
    Ok(lines(&app))
}

#[tokio::test]
async fn faults_raise_every_embedded_metric() -> Result<()> {
    let mut lines = storage_faults().await?;
    lines.extend(issuer_fault().await?);
    let (seen, resources) = (seen(&lines)?, resources()?);
    let alarms = alarms(&resources).flat_map(|(_, alarm)| metric::metrics(alarm));
    let names: BTreeSet<_> =
        alarms.filter(metric::Metric::is_embedded).map(|it| it.name.to_owned()).collect();
    assert!(names.contains("faults"), "{names:?}");
    assert!(names.is_subset(&seen), "alarms on {names:?}, but faults raise {seen:?}");
    Ok(())
}

#[tokio::test]
async fn refusals_and_top_organizations_are_counted() -> Result<()> {
    let (lines, resources) = (storage_faults().await?, resources()?);
    let counted = |line: &Line| filter::counts(&resources, "Refusals", line);
    for line in lines.iter().filter(|line| line["message"] == "request") {
        assert_eq!(counted(line)?, line["status"] == 401, "{line}");
    }
    let rule = text(&resources["FaultsByOrganization"]["Properties"]["RuleBody"]);
    let rule: Line = serde_json::from_str(rule)?;
    assert_eq!(rule["Contribution"]["Keys"], json!(["$.org"]));
    assert_eq!(rule["Contribution"]["Filters"], json!([{"Match": "$.status", "GreaterThan": 499}]));
    let faults = lines.iter().filter(|line| line["status"].as_u64() > Some(499));
    assert_eq!(faults.map(|line| &line["org"]).collect::<Vec<_>>(), ["acme"]);
    Ok(())
}

/// Checks what the line of a request counts as: a protected one, a refused caller, and a refusal of any kind.
async fn check_counted(app: &App, request: RequestBuilder, status: u16, counted: [bool; 3]) -> Result<()> {
    let (response, resources) = (request.send().await?, resources()?);
    let binary = if counted[0] { "list-projects" } else { "health" };
    let line = app.stack.log_with(binary, response.header("x-request-id")).await;
    let line: Line = serde_json::from_str(&line.context("the request was not logged")?)?;
    assert_eq!(response.status, status, "{line}");
    let found = [
        filter::counts(&resources, "ProtectedRequests", &line)?,
        seen(std::slice::from_ref(&line))?.contains("refused_callers"),
        filter::counts(&resources, "Refusals", &line)?,
    ];
    assert_eq!(found, counted, "{line}");
    Ok(())
}

#[tokio::test]
async fn refused_callers_behind_one_address_are_counted() -> Result<()> {
    let app = App::start(&[("RATE_LIMIT", "2/86400s")]).await?;
    let forged = || app.client.get("/v1/orgs/acme/projects").bearer("a.b.c");
    let foreign = || app.request_of("alice", &["acme"], "GET", "/v1/orgs/other/projects");
    for status in [401, 401, 429, 429] {
        check_counted(&app, forged(), status, [true, true, true]).await?;
    }
    check_counted(&app, foreign(), 403, [true, true, true]).await?;
    check_counted(&app, foreign(), 403, [true, true, true]).await?;
    // A known caller over its limit is busy, and not refused.
    check_counted(&app, foreign(), 429, [true, false, false]).await?;
    check_counted(&app, app.client.get("/v1/health"), 200, [false, false, false]).await
}

#[tokio::test]
async fn unreadable_changes_are_counted() -> Result<()> {
    let app = App::start(&[]).await?;
    let foreign =
        json!({"Records": [{"eventName": "REMOVE", "dynamodb": {"Keys": {}, "SequenceNumber": "1"}}]});
    app.stack.invoke("clean-up", foreign.to_string()).await?;
    app.stack.log_with("clean-up", "unreadable row").await.context("it is not logged")?;
    app.stack.log_with("clean-up", "\"changes\"").await.context("the batch is not logged")?;
    assert!(seen(&lines(&app))?.contains("unreadable_rows"));
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
fn only_lambdas_own_429s_are_throttled_functions() -> Result<()> {
    let resources = resources()?;
    assert_eq!(text(&resources["ThrottledFunctions"]["Properties"]["LogGroupName"]), "AccessLogs");
    for (status, by_lambda, counted) in
        [("503", "429", true), ("429", "200", false), ("429", "-", false), ("503", "200", false)]
    {
        let line = filter::access_line(&resources, &[("status", status), ("integrationStatus", by_lambda)])?;
        assert_eq!(filter::counts(&resources, "ThrottledFunctions", &line)?, counted, "{line}");
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
