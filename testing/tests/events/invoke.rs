//! `local invoke`, the program itself. What must stay out: what it should print.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use testing::{binaries, program, workspace};
use tokio::process::Command;

/// What the program prints for an event, with none of this process's settings.
pub(crate) async fn answer(event: &str) -> Result<Value> {
    let mut command = Command::new(program()?);
    command.args(["invoke", super::function(event)]).arg(super::folder().join(event));
    command.arg("--template").arg(workspace().join("template.yaml")).arg("--binaries").arg(binaries()?);
    let output = command.env_clear().kill_on_drop(true).stdin(Stdio::null()).output().await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("it printed no JSON")
}
