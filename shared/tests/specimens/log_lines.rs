//! Log line of a request or a batch: its keys, metrics and size.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use testing::{App, CallMatcher, Fault, RequestBuilder, SigningKey, claims, notes};

use crate::line;

/// Keys of the line of a list, sorted.
const KEYS: [&str; 16] = [
    "_aws",
    "bytes_out",
    "calls",
    "duration_ms",
    "function_request_id",
    "function_version",
    "level",
    "message",
    "org",
    "request_id",
    "route",
    "service",
    "status",
    "timestamp",
    "user",
    "xray_trace_id",
];

/// Maximum length in bytes of the line of a list with two calls: 609 measured, and 158 for `_aws`.
const MAX_BYTES: usize = 767;

fn list(app: &App) -> RequestBuilder {
    app.as_alice("GET", &notes("acme"))
}

fn create(app: &App, name: &str) -> RequestBuilder {
    app.as_alice("POST", &notes("acme")).json(&json!({ "name": name }))
}

/// Returns the names of a line's metrics, which are numbers in the line.
fn metrics(line: &Value) -> Vec<&str> {
    if line["_aws"].is_null() {
        return Vec::new();
    }
    let directive = &line["_aws"]["CloudWatchMetrics"][0];
    assert_eq!(directive["Namespace"], line["service"], "{line}");
    assert!(line["_aws"]["Timestamp"].is_u64(), "{line}");
    let dimensions = directive["Dimensions"].as_array().into_iter().flatten();
    let dimensions = dimensions.flat_map(|set| set.as_array().into_iter().flatten());
    assert!(dimensions.filter_map(Value::as_str).all(|name| line[name].is_string()), "{line}");
    let names = directive["Metrics"].as_array().into_iter().flatten();
    let names: Vec<_> = names.filter_map(|metric| metric["Name"].as_str()).collect();
    assert!(names.iter().all(|name| line[name].is_number()), "{line}");
    names
}

/// Returns the values of a line.
fn values<'l>(line: &'l Value, keys: &[&str]) -> Vec<&'l Value> {
    keys.iter().map(|key| &line[key]).collect()
}

#[tokio::test]
async fn success_has_ids_calls_and_metrics() -> Result<()> {
    let app = App::specimens(&[("POWERTOOLS_SERVICE_NAME", "notes-api")]).await?;
    let first = line(&app, &list(&app).send().await?).await?;
    assert_eq!((&first["cold_start"], metrics(&first)), (&json!(true), vec!["duration_ms", "cold_starts"]));
    let response = list(&app).send().await?;
    let line = line(&app, &response).await?;
    assert_eq!(line.as_object().context("no object")?.keys().collect::<Vec<_>>(), KEYS);
    assert_eq!(
        values(&line, &["level", "message", "service", "route", "org", "user", "status", "bytes_out"]),
        [
            &json!("INFO"),
            &json!("request"),
            &json!("notes-api"),
            &json!("GET /v1/orgs/{orgId}/notes"),
            &json!("acme"),
            &json!("alice"),
            &json!(200),
            &json!(response.body.len()),
        ]
    );
    assert_eq!(metrics(&line), ["duration_ms"]);
    let mut calls: Vec<_> = line["calls"].as_array().into_iter().flatten().collect();
    calls.sort_by_key(|call| call["operation"].to_string());
    let calls: Vec<_> = calls.iter().map(|call| values(call, &["operation", "attempts", "failed"])).collect();
    let none = Value::Null;
    assert_eq!(calls, [[&json!("Query"), &none, &none], [&json!("UpdateItem"), &none, &none]]);
    Ok(())
}

#[tokio::test]
async fn success_is_short() -> Result<()> {
    let app = App::specimens(&[]).await?;
    list(&app).send().await?;
    let mut line = line(&app, &list(&app).send().await?).await?;
    // Values as long as those on AWS.
    line["service"] = json!("projects-api");
    line["function_version"] = json!("42");
    line["request_id"] = json!("JKJaXmPLvHcESHA=");
    line["route"] = json!("GET /v1/orgs/{orgId}/projects");
    line["user"] = json!("auth0|65f0c1d2e3a4b5c6d7e8f901");
    line["_aws"]["CloudWatchMetrics"][0]["Namespace"] = json!("projects-api");
    for call in line["calls"].as_array_mut().context("no calls")? {
        let table = if call["operation"] == "Query" { "ProjectsTable" } else { "RateLimitTable" };
        call["resource"] = json!(format!("projects-api-{table}-1A2B3C4D5E6F7"));
        call["ms"] = json!(12.3);
    }
    line["duration_ms"] = json!(12.3);
    let bytes = line.to_string().len();
    eprintln!("{bytes} bytes: {line}");
    assert!(bytes <= MAX_BYTES, "{bytes} bytes: {line}");
    Ok(())
}

#[tokio::test]
async fn refusals_name_organization_and_reason() -> Result<()> {
    let app = App::specimens(&[("RATE_LIMIT", "2/86400s")]).await?;
    let other = app.request_of("alice", &["acme"], "GET", &notes("other"));
    let refused = line(&app, &other.send().await?).await?;
    assert_eq!(values(&refused, &["status", "org", "user"]), [&json!(403), &json!("other"), &json!("alice")]);
    assert_eq!(refused["reason"], "You are not a member of this organization");
    assert_eq!(metrics(&refused)[1..3], ["FORBIDDEN", "refused_callers"]);
    list(&app).send().await?;
    let limited = line(&app, &list(&app).send().await?).await?;
    assert_eq!(values(&limited, &["status", "org", "user"]), [&json!(429), &json!("acme"), &json!("alice")]);
    assert_eq!(metrics(&limited)[1..2], ["RATE_LIMITED"]);
    let forged = line(&app, &app.client.get(&notes("acme")).bearer("a.b.c").send().await?).await?;
    assert_eq!(
        values(&forged, &["status", "org", "refused", "code"]),
        [&json!(401), &json!("acme"), &json!("form"), &json!("UNAUTHORIZED")]
    );
    Ok(())
}

#[tokio::test]
async fn invalid_and_conflicting_requests_name_fields() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let invalid = line(&app, &create(&app, "").send().await?).await?;
    assert_eq!(values(&invalid, &["status", "field", "reason"]), [&json!(400), &json!("name"), &Value::Null]);
    assert!(invalid["bytes_in"].as_u64().is_some_and(|bytes| bytes > 0), "{invalid}");
    let created = create(&app, "Apollo").key("key");
    created.clone().send().await?;
    let replayed = line(&app, &created.send().await?).await?;
    assert_eq!(values(&replayed, &["status", "replayed"]), [&json!(201), &json!(true)]);
    let taken = line(&app, &create(&app, "Apollo").send().await?).await?;
    let reason = json!("A note with this name already exists");
    assert_eq!(values(&taken, &["status", "field", "reason"]), [&json!(409), &json!("name"), &reason]);
    Ok(())
}

#[tokio::test]
async fn callers_traceparent_is_logged_if_well_formed() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for (value, logged) in [(parent, json!(parent)), ("00-\",\"status\":200", Value::Null)] {
        let line = line(&app, &list(&app).header("traceparent", value).send().await?).await?;
        assert_eq!(line["traceparent"], logged);
    }
    Ok(())
}

#[tokio::test]
async fn panic_line_has_place_and_no_data() -> Result<()> {
    let app = App::specimens(&[("RUST_BACKTRACE", "1")]).await?;
    let response = create(&app, "Panic").send().await?;
    assert_eq!(response.status, 500);
    let text = app.stack.log_with("specimens", "\"panic\"").await.context("the panic is not logged")?;
    let panic: Value = serde_json::from_str(&text)?;
    let id = response.header("x-request-id");
    assert_eq!(values(&panic, &["level", "request_id"]), [&json!("ERROR"), &json!(id)]);
    assert!(panic["location"].as_str().is_some_and(|place| place.contains("main.rs:")), "{text}");
    let request = line(&app, &response).await?;
    assert_eq!(panic["function_request_id"], request["function_request_id"]);
    let log = app.stack.logs("specimens");
    assert!(log.iter().all(|line| !line.contains("panicked at") && !line.contains("Panic")), "{log:#?}");
    Ok(())
}

#[tokio::test]
async fn warning_has_the_ids_of_its_request() -> Result<()> {
    let app = App::specimens(&[]).await?;
    app.lose_table("RateLimitTable").await?;
    let request = line(&app, &list(&app).send().await?).await?;
    let text = app.stack.log_with("specimens", "the rate limit table is unavailable").await;
    let warning: Value = serde_json::from_str(&text.context("there is no warning")?)?;
    for id in ["request_id", "function_request_id"] {
        assert_eq!((&warning[id], warning[id].is_string()), (&request[id], true));
    }
    assert!(warning["error"].as_str().is_some_and(|error| error.contains("UpdateItem of ")), "{warning}");
    assert_eq!(
        values(&request, &["status", "uncounted", "counter_failures"]),
        [&json!(200), &json!(1), &json!(1)]
    );
    assert!(metrics(&request).contains(&"uncounted"), "{request}");
    Ok(())
}

#[tokio::test]
async fn failed_fetches_of_keys_are_counted() -> Result<()> {
    let app = App::specimens(&[("AUTH_JWKS_URL", "http://127.0.0.1:9/keys")]).await?;
    let token = SigningKey::ed25519("1")?.token(&claims("alice", &["acme"]))?;
    let request = line(&app, &app.client.get(&notes("acme")).bearer(&token).send().await?).await?;
    assert_eq!(values(&request, &["status", "org"]), [&json!(503), &json!("acme")]);
    assert!(metrics(&request).contains(&"issuer_failures"), "{request}");
    Ok(())
}

#[tokio::test]
async fn level_of_lambda_hides_successes() -> Result<()> {
    let app = App::specimens(&[("AWS_LAMBDA_LOG_LEVEL", "ERROR"), ("LOG_LEVEL", "info")]).await?;
    assert_eq!(list(&app).send().await?.status, 200);
    app.lose_table("NotesTable").await?;
    let failed = line(&app, &list(&app).send().await?).await?;
    assert_eq!(values(&failed, &["level", "status", "faults"]), [&json!("ERROR"), &json!(503), &json!(1)]);
    let log = app.stack.logs("specimens");
    assert!(log.iter().all(|line| line.contains("\"ERROR\"")), "{log:#?}");
    Ok(())
}

#[tokio::test]
async fn batch_has_calls_and_failed_changes() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    let deleted = app.as_alice("DELETE", &format!("{}/{note}", notes("acme"))).send().await?;
    assert_eq!(deleted.status, 204);
    // One invocation fails, after three attempts of the SDK.
    let outage = app.proxy.fail(CallMatcher::of("Query").first(3), Fault::Broken);
    app.stack.settle_streams().await?;
    drop(outage);
    for (failed, level, kind) in
        [(json!(1), "ERROR", json!("unavailable")), (Value::Null, "INFO", Value::Null)]
    {
        let text = format!("\"level\":\"{level}\",\"message\":\"changes\"");
        let batch = app.stack.log_with("specimens", &text).await.context("the batch is not logged")?;
        let batch: Value = serde_json::from_str(&batch)?;
        assert_eq!(values(&batch, &["changes", "failed_changes"]), [&json!(1), &failed], "{batch}");
        let calls = batch["calls"].as_array().context("no calls")?;
        assert_eq!((&calls[0]["operation"], &calls[0]["failed"]), (&json!("Query"), &kind));
        assert!(batch["function_request_id"].is_string(), "{batch}");
        assert_eq!(metrics(&batch).contains(&"failed_changes"), !failed.is_null());
    }
    Ok(())
}
