//! Timeout of an invocation.

use std::fs;

use anyhow::Result;
use local::stack::Options;
use tempfile::TempDir;
use testing::{App, CallMatcher, Moment, SPECIMENS, notes, workspace};
use tokio::net::TcpListener;

/// Starts an app whose functions have a shorter timeout than their calls together.
pub(crate) async fn impatient(folder: &TempDir, variables: &[(&str, &str)]) -> Result<App> {
    let template = folder.path().join("template.yaml");
    let text = fs::read_to_string(workspace().join(SPECIMENS))?;
    fs::write(&template, text.replace("    Timeout: 10\n", "    Timeout: 2\n"))?;
    App::specimens_with(variables, |options| Options { template, ..options }).await
}

#[tokio::test]
async fn counted_request_has_its_headers_on_503() -> Result<()> {
    let folder = TempDir::new()?;
    let app = impatient(&folder, &[]).await?;
    let _list = app.proxy.hold(CallMatcher::of("Query"), Moment::Before);
    let _note = app.proxy.hold(CallMatcher::of("GetItem"), Moment::Before);
    let note = format!("{}/01900000-0000-7000-8000-000000000000", notes("acme"));
    for request in [app.as_alice("GET", &notes("acme")), app.as_alice("DELETE", &note)] {
        let response = request.send().await?;
        assert_eq!(response.status_and_code(), "503 SERVICE_UNAVAILABLE");
        assert!(response.rate_limit().is_some(), "{response:?}");
    }
    Ok(())
}

#[tokio::test]
async fn function_returns_503_before_its_timeout() -> Result<()> {
    // The system accepts connections, and no response ever follows.
    let silent = TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = format!("http://{}", silent.local_addr()?);
    let folder = TempDir::new()?;
    let app = impatient(&folder, &[("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_str())]).await?;
    for method in ["GET", "POST"] {
        let request = app.as_alice(method, &notes("acme")).json(&serde_json::json!({"name": "Apollo"}));
        let response = request.send().await?;
        assert_eq!(response.status_and_code(), "503 SERVICE_UNAVAILABLE", "{method}");
        assert_ne!(response.header("retry-after"), "", "{method}");
    }
    drop(silent);
    Ok(())
}
