//! Storage calls in the log line: each kind of failure, attempts, and calls that run concurrently.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tempfile::TempDir;
use testing::{App, CallMatcher, Fault, Moment, PNG, RequestBuilder, notes, send_concurrently};

use crate::deadline::impatient;
use crate::line;

fn list(app: &App) -> RequestBuilder {
    app.as_alice("GET", &notes("acme"))
}

/// Returns the call of a line with this operation.
fn call<'l>(line: &'l Value, operation: &str) -> Result<&'l Value> {
    let mut calls = line["calls"].as_array().into_iter().flatten();
    calls.find(|call| call["operation"] == operation).with_context(|| format!("no {operation} in {line}"))
}

/// Returns the operations of a line, sorted.
fn operations(line: &Value) -> Vec<&str> {
    let calls = line["calls"].as_array().into_iter().flatten();
    let mut operations: Vec<_> = calls.filter_map(|call| call["operation"].as_str()).collect();
    operations.sort_unstable();
    operations
}

/// Checks that the line of a failed list names operation, table and kind.
async fn check_list(app: &App, kind: &str) -> Result<()> {
    let response = list(app).send().await?;
    assert_eq!(response.status, 503, "{kind}");
    let line = line(app, &response).await?;
    let call = call(&line, "Query")?;
    assert_eq!(call["failed"], kind, "{line}");
    let resource = call["resource"].as_str().context("no resource")?;
    assert!(resource.to_lowercase().contains("notes"), "{line}");
    let expected = format!("Query of {resource}: {kind}");
    assert!(line["error"].as_str().is_some_and(|error| error.contains(&expected)), "{line}");
    Ok(())
}

#[tokio::test]
async fn each_fault_of_a_table_has_its_kind() -> Result<()> {
    let app = App::specimens(&[]).await?;
    for (fault, kind) in [
        (Fault::Throttled, "throttled"),
        (Fault::Overloaded, "throttled"),
        (Fault::Denied, "denied"),
        (Fault::Broken, "unavailable"),
        (Fault::ConnectionReset, "network"),
        (Fault::ResponseLost, "network"),
        (Fault::TruncatedBody, "network"),
        (Fault::InvalidBody, "network"),
        (Fault::Slow, "timeout"),
    ] {
        let outage = app.proxy.fail(CallMatcher::of("Query"), fault);
        check_list(&app, kind).await.with_context(|| format!("{fault:?}"))?;
        drop(outage);
    }
    app.lose_table("NotesTable").await?;
    check_list(&app, "not_found").await
}

#[tokio::test]
async fn refused_connection_is_a_network_failure() -> Result<()> {
    let app = App::specimens(&[("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")]).await?;
    check_list(&app, "network").await
}

#[tokio::test]
async fn each_fault_of_a_bucket_has_its_kind() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    for (fault, kind) in
        [(Fault::Throttled, "throttled"), (Fault::Denied, "denied"), (Fault::ConnectionReset, "network")]
    {
        let outage = app.proxy.fail(CallMatcher::of("PUT"), fault);
        let response = app.upload(&note, "a.png", "image/png", PNG).await?;
        drop(outage);
        let line = line(&app, &response).await?;
        let call = call(&line, "PutObject")?;
        assert_eq!((&line["status"], &call["failed"]), (&json!(503), &json!(kind)), "{line}");
        let resource = call["resource"].as_str().context("no resource")?;
        let expected = format!("PutObject of {resource}: {kind}");
        assert!(line["error"].as_str().is_some_and(|error| error.contains(&expected)), "{line}");
    }
    Ok(())
}

#[tokio::test]
async fn ninety_throttled_attempts_are_counted() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let throttled = app.proxy.fail(CallMatcher::of("Query").first(90), Fault::Throttled);
    let mut counted = 0;
    for _ in 0..4 {
        for response in send_concurrently((0..10).map(|_| list(&app))).await? {
            let line = line(&app, &response).await?;
            let throttled = line["throttled_calls"].as_u64().unwrap_or_default();
            let call = call(&line, "Query")?;
            let kinds = [&call["failed"], &call["retried"]];
            assert_eq!(kinds.contains(&&json!("throttled")), throttled > 0, "{line}");
            counted += throttled;
        }
    }
    drop(throttled);
    assert_eq!(counted, 90);
    Ok(())
}

#[tokio::test]
async fn call_with_retries_shows_its_attempts() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let throttled = app.proxy.fail(CallMatcher::of("Query").first(2), Fault::Throttled);
    let line = line(&app, &list(&app).send().await?).await?;
    drop(throttled);
    let call = call(&line, "Query")?;
    assert_eq!(
        [&call["attempts"], &call["failed"], &call["retried"]],
        [&json!(3), &Value::Null, &json!("throttled")],
        "{line}"
    );
    assert_eq!((&line["status"], &line["throttled_calls"]), (&json!(200), &json!(2)));
    Ok(())
}

#[tokio::test]
async fn concurrent_calls_are_of_their_own_request() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let mut query = app.proxy.hold(CallMatcher::of("Query").number(1), Moment::Before);
    let (response, ()) = tokio::try_join!(list(&app).send(), async {
        query.reached().await?;
        query.release();
        Ok(())
    })?;
    // Calls that only open connections are not of the request.
    assert_eq!(operations(&line(&app, &response).await?), ["Query", "UpdateItem"]);
    let note = app.new_item("acme", "Apollo").await?;
    let upload = app.upload(&note, "a.png", "image/png", PNG).await?;
    let expected = ["DeleteObjectTagging", "GetItem", "PutObject", "TransactWriteItems", "UpdateItem"];
    assert_eq!(operations(&line(&app, &upload).await?), expected);
    Ok(())
}

#[tokio::test]
async fn call_that_the_deadline_ends_is_logged() -> Result<()> {
    let folder = TempDir::new()?;
    let app = impatient(&folder, &[]).await?;
    let _silent = app.proxy.hold(CallMatcher::of("Query"), Moment::Before);
    check_list(&app, "timeout").await
}

#[tokio::test]
async fn failed_counter_is_beside_the_result() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let outage = app.proxy.fail(CallMatcher::of("UpdateItem"), Fault::ConnectionReset);
    let line = line(&app, &list(&app).send().await?).await?;
    drop(outage);
    assert_eq!((&line["status"], &line["uncounted"]), (&json!(200), &json!(1)));
    assert_eq!(call(&line, "UpdateItem")?["failed"], "network");
    assert_eq!(call(&line, "Query")?["failed"], Value::Null);
    Ok(())
}
