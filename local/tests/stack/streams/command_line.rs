//! Functions without a route in the program `local`.

use anyhow::{Context, Result, bail};
use local::ports::neighboring_ports;
use local::stack::Stack;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::recorder::Recorder;
use crate::command_line::{local, url};
use crate::common::{binaries, package};

/// Returns the program's command with the template of these tests.
fn following(arguments: &[&str], recorder: &Recorder) -> Result<Command> {
    let mut command = local(arguments);
    command.arg("--template").arg(package().join("tests/streams.yaml")).arg("--binaries").arg(binaries()?);
    command.env("RECORDER", recorder.address());
    Ok(command)
}

#[tokio::test]
async fn banner_lists_streams() -> Result<()> {
    let recorder = Recorder::start().await?;
    let mut child = following(&["--port", "0", "--ephemeral"], &recorder)?.spawn()?;
    let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
    let mut banner = Vec::new();
    while let Some(line) = lines.next_line().await? {
        banner.push(line.split_whitespace().collect::<Vec<_>>().join(" "));
        if line.starts_with("listening on ") {
            break;
        }
    }
    assert!(banner.contains(&"follower stream rows-table".to_owned()), "{banner:?}");
    Ok(())
}

#[tokio::test]
async fn batch_has_a_line_on_the_terminal() -> Result<()> {
    let ([port, _], recorder) = (neighboring_ports()?, Recorder::start().await?);
    let address = format!("127.0.0.1:{port}");
    let mut child =
        following(&["--port", "0", "--ephemeral", "--emulators", &address], &recorder)?.spawn()?;
    url(&mut child).await?;
    let mut options = super::following(&recorder)?;
    options.external.dynamodb = Some(format!("http://{address}"));
    super::put_files(&Stack::start(options).await?, "a").await?;
    let mut lines = BufReader::new(child.stderr.take().context("no terminal")?).lines();
    while let Some(line) = lines.next_line().await? {
        if line.contains(" ok  stream follower  ") {
            return Ok(());
        }
    }
    bail!("the batch has no line")
}

#[tokio::test]
async fn invoke_sends_only_the_given_event() -> Result<()> {
    let (folder, recorder) = (tempfile::tempdir()?, Recorder::start().await?);
    let event = folder.path().join("event.json");
    std::fs::write(&event, r#"{"Records":[]}"#)?;
    let output = following(&["invoke", "follower", &event.to_string_lossy()], &recorder)?.output().await?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout)?, json!({"batchItemFailures": []}));
    assert_eq!(recorder.events(), [json!({"Records": []})]);
    Ok(())
}

#[tokio::test]
async fn function_without_a_route_has_no_example() -> Result<()> {
    let recorder = Recorder::start().await?;
    let output = following(&["invoke", "follower"], &recorder)?.output().await?;
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && text.contains("follower has no route"), "{text}");
    Ok(())
}
