//! `local event` and `local invoke`, the program itself. What must stay out: what it should print.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tempfile::NamedTempFile;
use testing::{binaries, program, workspace};
use tokio::process::Command;

/// The event of the example of this function.
pub(crate) async fn event(function: &str) -> Result<Value> {
    run(Command::new(program()?).args(["event", function])).await
}

/// What the program prints for an event.
pub(crate) async fn response(function: &str, event: &Value) -> Result<Value> {
    let file = NamedTempFile::new()?;
    std::fs::write(file.path(), event.to_string())?;
    let mut command = Command::new(program()?);
    run(command.args(["invoke", function]).arg(file.path()).arg("--binaries").arg(binaries()?)).await
}

/// The JSON that the program prints with none of this process's settings.
async fn run(command: &mut Command) -> Result<Value> {
    command.arg("--template").arg(workspace().join("template.yaml"));
    let output = command.env_clear().kill_on_drop(true).stdin(Stdio::null()).output().await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("it printed no JSON")
}
