//! Requests while storage is unavailable.

use anyhow::Result;
use serde_json::json;
use testing::{App, notes};

/// Loopback port without a listener.
const NOWHERE: (&str, &str) = ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9");

#[tokio::test]
async fn requests_without_storage_are_503() -> Result<()> {
    for on_error in ["allow", "deny"] {
        let app = App::specimens(&[NOWHERE, ("RATE_LIMIT_ON_ERROR", on_error)]).await?;
        let response = app.create("Apollo").await?;
        assert_eq!(
            (response.status_and_code().as_str(), response.rate_limit()),
            ("503 SERVICE_UNAVAILABLE", None),
            "{on_error}"
        );
        assert!(app.stack.log_with("specimens", "the rate limit table is unavailable").await.is_some());
    }
    Ok(())
}

#[tokio::test]
async fn lost_table_is_503_with_logged_cause() -> Result<()> {
    let app = App::specimens(&[]).await?;
    app.lose_table("NotesTable").await?;
    let response = app.create("Apollo").await?;
    assert_eq!(response.status_and_code(), "503 SERVICE_UNAVAILABLE");
    assert!(!String::from_utf8_lossy(&response.body).contains("notes-table"));
    let id = response.header("x-request-id");
    let line = app.stack.log_with("specimens", id).await.unwrap_or_default();
    let line: serde_json::Value = serde_json::from_str(&line)?;
    assert_eq!((&line["level"], &line["status"]), (&json!("ERROR"), &json!(503)));
    assert!(line["error"].as_str().is_some_and(|cause| cause.contains("ResourceNotFound")));
    Ok(())
}

#[tokio::test]
async fn storage_failures_are_not_replayed() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let cut_off = app.second_environment(&[NOWHERE]).await?;
    let post = |app: &App| app.as_alice("POST", &notes("acme")).key("key").json(&json!({"name": "Apollo"}));
    assert_eq!(post(&cut_off).send().await?.status, 503);
    let response = post(&app).send().await?;
    assert_eq!((response.status, response.header("idempotency-replayed")), (201, ""));
    Ok(())
}

#[tokio::test]
async fn silent_storage_is_503_in_time() -> Result<()> {
    // Connections are accepted, and no response ever follows.
    let silent = std::net::TcpListener::bind("127.0.0.1:0")?;
    let endpoint = format!("http://{}", silent.local_addr()?);
    let app = App::specimens(&[("AWS_ENDPOINT_URL_DYNAMODB", &endpoint)]).await?;
    assert_eq!(app.create("Apollo").await?.status_and_code(), "503 SERVICE_UNAVAILABLE");
    Ok(())
}
