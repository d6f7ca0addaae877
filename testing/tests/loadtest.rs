//! A short `local loadtest`, on usual tables and while the counter's hangs.

use std::sync::Arc;

use anyhow::{Context, Result};
use local::stack::{Options, Stack};
use testing::{CallMatcher, Fault, RecordingProxy, binaries, options, program, workspace};
use tokio::process::Command;

/// Runs a load test on these emulators, or on its own, and returns its report.
async fn report(connections: &str, emulators: Option<(&str, &str)>) -> Result<String> {
    let mut loadtest = Command::new(program()?);
    loadtest.args(["loadtest", "--connections", connections, "--requests", "400", "--seconds", "300"]);
    loadtest.arg("--binaries").arg(binaries()?).current_dir(workspace()).kill_on_drop(true);
    loadtest.env_remove("AWS_ENDPOINT_URL_DYNAMODB").env_remove("AWS_ENDPOINT_URL_S3");
    if let Some((dynamodb, s3)) = emulators {
        loadtest.env("AWS_ENDPOINT_URL_DYNAMODB", dynamodb).env("AWS_ENDPOINT_URL_S3", s3);
    }
    let output = loadtest.output().await?;
    let (report, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{report}{log}");
    for line in
        [&*format!("400 requests over {connections} connections"), "5xx: 0, no response: 0, unexpected: 0"]
    {
        assert!(report.contains(line), "{report}{log}");
    }
    assert_eq!(report.matches(" 0 lost, 0 duplicated, 0 returned").count(), 5, "{report}{log}");
    Ok(report.into_owned())
}

/// Returns the 99th percentile of all requests, in milliseconds.
fn p99(report: &str) -> Result<f64> {
    let all = report.lines().find(|line| line.starts_with("all ")).context("there is no line for all")?;
    all.split_whitespace().rev().nth(1).context("there is no percentile")?.parse().context("no number")
}

#[tokio::test]
async fn mixed_load_loses_and_duplicates_nothing() -> Result<()> {
    let report = report("4", None).await?;
    // The kinds of requests that the counts speak of.
    for function in ["update-project", "delete-project", "delete-file", "finish-upload"] {
        assert!(report.contains(function), "{report}");
    }
    Ok(())
}

#[tokio::test]
async fn hanging_counter_adds_no_second_to_p99() -> Result<()> {
    let proxy = RecordingProxy::new();
    let stack = Stack::start(Options { interceptor: Some(Arc::new(proxy.clone())), ..options(&[])? }).await?;
    let variables = stack.variables("UploadFile")?;
    let endpoint = |name: &str| variables.get(name).map(String::as_str).context("there is no endpoint");
    let emulators = (endpoint("AWS_ENDPOINT_URL_DYNAMODB")?, endpoint("AWS_ENDPOINT_URL_S3")?);
    let usual = report("2", Some(emulators)).await?;
    let table = stack.table("RateLimitTable");
    let _outage = proxy.fail(CallMatcher::of("UpdateItem").with(table), Fault::Slow);
    proxy.clear();
    let hanging = report("2", Some(emulators)).await?;
    println!("usual: {usual}\nwhile the counter's table hangs: {hanging}");
    let asked = proxy.calls().into_iter().filter(|call| call.operation == "UpdateItem").count();
    assert!((1..200).contains(&asked), "the table was asked {asked} times");
    let (usual, hanging) = (p99(&usual)?, p99(&hanging)?);
    assert!(hanging < usual + 1000.0, "p99 is {hanging} ms in place of {usual} ms");
    Ok(())
}
