//! A short `local loadtest`.

use anyhow::Result;
use testing::{binaries, program, workspace};
use tokio::process::Command;

#[tokio::test]
async fn mixed_load_loses_and_duplicates_nothing() -> Result<()> {
    let mut loadtest = Command::new(program()?);
    loadtest.args(["loadtest", "--connections", "4", "--requests", "400", "--seconds", "300", "--binaries"]);
    loadtest.arg(binaries()?).current_dir(workspace()).kill_on_drop(true);
    // Always on the stack's own emulators.
    let loadtest = loadtest.env_remove("AWS_ENDPOINT_URL_DYNAMODB").env_remove("AWS_ENDPOINT_URL_S3");
    let output = loadtest.output().await?;
    let (report, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{report}{log}");
    for line in ["400 requests over 4 connections", "5xx: 0, no response: 0, unexpected: 0"] {
        assert!(report.contains(line), "{report}{log}");
    }
    assert_eq!(report.matches(" 0 lost, 0 duplicated, 0 returned").count(), 5, "{report}{log}");
    // The kinds of requests that the counts speak of.
    for function in ["update-project", "delete-project", "delete-file", "finish-upload"] {
        assert!(report.contains(function), "{report}{log}");
    }
    Ok(())
}
