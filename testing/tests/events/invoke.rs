//! Runs of `local event` and `local invoke`.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::NamedTempFile;
use testing::{binaries, program, workspace};
use tokio::process::Command;

/// Returns the event of this function's example.
pub(crate) async fn event(function: &str) -> Result<Value> {
    run(Command::new(program()?).args(["event", function])).await
}

/// Returns the response that `local invoke` prints for an event.
pub(crate) async fn response(function: &str, event: &Value) -> Result<Value> {
    let file = NamedTempFile::new()?;
    std::fs::write(file.path(), event.to_string())?;
    let mut command = Command::new(program()?);
    run(command.args(["invoke", function]).arg(file.path()).arg("--binaries").arg(binaries()?)).await
}

/// Runs the command without this process's variables. Returns the JSON that it prints.
async fn run(command: &mut Command) -> Result<Value> {
    command.arg("--template").arg(workspace().join("template.yaml"));
    let output = command.env_clear().kill_on_drop(true).stdin(Stdio::null()).output().await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("it printed no JSON")
}
