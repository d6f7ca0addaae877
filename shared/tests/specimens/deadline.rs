//! Timeout of an invocation.

use std::fs;

use anyhow::Result;
use local::stack::Options;
use tempfile::TempDir;
use testing::{App, SPECIMENS, notes, workspace};
use tokio::net::TcpListener;

#[tokio::test]
async fn function_returns_503_before_its_timeout() -> Result<()> {
    // The system accepts connections, and no response ever follows.
    let silent = TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = format!("http://{}", silent.local_addr()?);
    let folder = TempDir::new()?;
    let template = folder.path().join("template.yaml");
    let text = fs::read_to_string(workspace().join(SPECIMENS))?;
    // Shorter than the timeouts of the calls together.
    fs::write(&template, text.replace("    Timeout: 10\n", "    Timeout: 2\n"))?;
    let variables = [("AWS_ENDPOINT_URL_DYNAMODB", endpoint.as_str())];
    let app = App::specimens_with(&variables, |options| Options { template, ..options }).await?;
    for method in ["GET", "POST"] {
        let request = app.as_alice(method, &notes("acme")).json(&serde_json::json!({"name": "Apollo"}));
        let response = request.send().await?;
        assert_eq!(response.status_and_code(), "503 SERVICE_UNAVAILABLE", "{method}");
        assert_ne!(response.header("retry-after"), "", "{method}");
    }
    drop(silent);
    Ok(())
}
