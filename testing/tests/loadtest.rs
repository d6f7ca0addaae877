//! The load in short, as `local loadtest` runs it for minutes: everything at once on few connections, and nothing is wrong.

use anyhow::Result;
use testing::{binaries, program, workspace};
use tokio::process::Command;

#[tokio::test]
async fn under_mixed_load_nothing_fails_and_nothing_is_lost_or_doubled() -> Result<()> {
    let mut load = Command::new(program()?);
    load.args(["loadtest", "--connections", "4", "--requests", "300", "--seconds", "300", "--binaries"]);
    load.arg(binaries()?).current_dir(workspace()).kill_on_drop(true);
    // It is about the stack's own emulators, whichever this test was started with.
    let load = load.env_remove("AWS_ENDPOINT_URL_DYNAMODB").env_remove("AWS_ENDPOINT_URL_S3");
    let output = load.output().await?;
    let (report, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{report}{log}");
    for line in
        ["300 requests over 4 connections", "5xx: 0, no response: 0, unexpected: 0", ", 0 lost, 0 duplicated"]
    {
        assert!(report.contains(line), "{report}{log}");
    }
    assert_eq!(report.matches(" 0 lost, 0 duplicated").count(), 3, "{report}{log}");
    Ok(())
}
