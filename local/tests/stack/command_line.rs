//! Commands of the program `local`.

use std::process::Stdio;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use local::client::Client;
use local::emulators::{Data, External};
use local::environment;
use local::stack::{Options, Stack};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

use super::common::{Meeting, binaries, bucket_client, options, template};

/// Returns the program's command, without this process's environment.
pub(super) fn local(arguments: &[&str]) -> Command {
    let program = environment::variable("CARGO_BIN_EXE_local").unwrap_or_default();
    let mut command = Command::new(program);
    command.args(arguments).env_clear().kill_on_drop(true).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Returns the program's command with the tests' template and binaries.
pub(super) fn stack(arguments: &[&str]) -> Result<Command> {
    let mut command = local(arguments);
    command.arg("--template").arg(template()).arg("--binaries").arg(binaries()?);
    Ok(command)
}

/// Reads the URL of the stack from its output.
pub(super) async fn url(child: &mut Child) -> Result<String> {
    let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some(url) = line.strip_prefix("listening on ") {
            return Ok(url.to_owned());
        }
    }
    anyhow::bail!("the output has no URL")
}

fn claims(token: &[u8]) -> Result<Value> {
    let token = std::str::from_utf8(token)?;
    let claims = token.trim_end().split('.').nth(1).context("not a token")?;
    Ok(serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims)?)?)
}

#[tokio::test]
async fn token_prints_one_token_with_its_claims() -> Result<()> {
    let arguments = ["token", "--user", "ann", "--org", "acme", "--org", "bolt", "--expires-in", "60"];
    let output = local(&arguments).output().await?;
    assert!(output.status.success() && output.stderr.is_empty());
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
    let claims = claims(&output.stdout)?;
    assert_eq!((&claims["sub"], &claims["organizations"]), (&json!("ann"), &json!(["acme", "bolt"])));
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!("https://auth.localhost"), &json!("projects-api")));
    assert_eq!(claims["exp"].as_i64(), claims["iat"].as_i64().map(|issued| issued + 60));
    Ok(())
}

#[tokio::test]
async fn token_without_organizations_has_an_empty_list() -> Result<()> {
    let output = local(&["token", "--user", "ann"]).output().await?;
    assert_eq!(claims(&output.stdout)?["organizations"], json!([]));
    Ok(())
}

#[tokio::test]
async fn token_fails_with_an_external_issuer() -> Result<()> {
    let output =
        local(&["token", "--user", "ann"]).env("AUTH_JWKS_URL", "https://issuer/keys").output().await?;
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("AUTH_JWKS_URL"));
    Ok(())
}

#[tokio::test]
async fn stack_prints_its_url_and_stops_on_sigterm() -> Result<()> {
    let mut child =
        stack(&["--port", "0", "--ephemeral"])?.env("GREETING", "hi").env("OTHER", "x").spawn()?;
    let url = url(&mut child).await?;
    let response = Client::new(&url).get("/echo").send().await?.json();
    assert_eq!(
        (&response["variables"]["GREETING"], &response["variables"]["OTHER"]),
        (&json!("hi"), &Value::Null)
    );
    let id = child.id().context("it has ended")?.to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().await?.success());
    let mut log = String::new();
    child.stderr.take().context("no log")?.read_to_string(&mut log).await?;
    assert!(child.wait().await?.success());
    assert!(log.contains("[echo] mode"), "{log}");
    Ok(())
}

#[tokio::test]
async fn port_in_use_error_suggests_another_port() -> Result<()> {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let port = taken.local_addr()?.port().to_string();
    let output = stack(&["--ephemeral", "--port", &port])?.output().await?;
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(text.contains(&format!("port {port} is in use")) && text.contains("--port"), "{text}");
    Ok(())
}

#[tokio::test]
async fn failed_init_ends_the_stack_with_its_log() -> Result<()> {
    let output = stack(&["--ephemeral", "--port", "0"])?.env("ECHO_REFUSES", "1").output().await?;
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(text.contains("[echo] ECHO_REFUSES is set"), "{text}");
    Ok(())
}

#[tokio::test]
async fn invoke_prints_the_response() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let event = folder.path().join("event.json");
    std::fs::write(&event, r#"{"queryStringParameters":{"mode":"plain"}}"#)?;
    // The event of the example has the same mode.
    for arguments in [&["invoke", "Echo", &event.to_string_lossy()][..], &["invoke", "Echo"]] {
        let output = stack(arguments)?.output().await?;
        assert!(output.status.success());
        assert_eq!(serde_json::from_slice::<Value>(&output.stdout)?, json!({"hello": "world"}));
    }
    Ok(())
}

#[tokio::test]
async fn event_prints_the_event_of_an_example() -> Result<()> {
    let output = local(&["event", "Echo", "--template"]).arg(template()).output().await?;
    let event: Value = serde_json::from_slice(&output.stdout)?;
    let request = &event["requestContext"]["http"];
    assert_eq!((&request["method"], &request["path"]), (&json!("POST"), &json!("/echo")));
    assert_eq!(event["queryStringParameters"], json!({"mode": "plain"}));
    let token = event["headers"]["authorization"].as_str().and_then(|header| header.strip_prefix("Bearer "));
    assert_eq!(claims(token.unwrap_or_default().as_bytes())?["organizations"], json!(["acme"]));
    Ok(())
}

#[tokio::test]
async fn invoke_fails_on_a_function_error() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let event = folder.path().join("event.json");
    std::fs::write(&event, r#"{"queryStringParameters":{"mode":"error"}}"#)?;
    let output = stack(&["invoke", "echo", &event.to_string_lossy()])?.output().await?;
    assert!(!output.status.success());
    let error: Value = serde_json::from_slice(&output.stdout)?;
    assert_eq!(error["errorMessage"], "an error of the function");
    Ok(())
}

#[cfg(unix)]
#[tokio::test]
async fn killed_stack_keeps_data_and_leaves_no_process() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().to_string_lossy().into_owned();
    let mut child = stack(&["--port", "0", "--data-dir", &data])?.spawn()?;
    let client = Client::new(&url(&mut child).await?);
    let meeting = Meeting::open().await?;
    let request = tokio::spawn(client.get(&meeting.path_until_exit()?).send());
    let process = meeting.next().await?;
    let variables = request.await??.json()["variables"].clone();
    put_object(&variables["AWS_ENDPOINT_URL_S3"]).await?;
    put_item(&variables["AWS_ENDPOINT_URL_DYNAMODB"]).await?;
    child.kill().await?;
    assert!(process.ended().await);

    let mut options = options()?;
    options.data = Data::Dir(folder.path().to_owned());
    let stack = Stack::start(options).await?;
    bucket_client(&stack).head_object().bucket("things-bucket").key("k").send().await?;
    assert_eq!(stack.dynamodb().scan().table_name("things-table").send().await?.count(), 1);
    Ok(())
}

async fn put_object(endpoint: &Value) -> Result<()> {
    let external = External { s3: endpoint.as_str().map(str::to_owned), dynamodb: None };
    let stack = Stack::start(Options { external, ..options()? }).await?;
    bucket_client(&stack).put_object().bucket("things-bucket").key("k").body(vec![1].into()).send().await?;
    Ok(())
}

async fn put_item(endpoint: &Value) -> Result<()> {
    let external = External { dynamodb: endpoint.as_str().map(str::to_owned), s3: None };
    let stack = Stack::start(Options { external, ..options()? }).await?;
    let put = stack.dynamodb().put_item().table_name("things-table");
    let text = |text: &str| AttributeValue::S(text.to_owned());
    put.item("pk", text("a")).item("sk", text("b")).item("owner", text("c")).send().await?;
    Ok(())
}
