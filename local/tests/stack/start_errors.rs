//! Errors at the start of a stack: each names its cause, and the way out.

use std::path::Path;

use anyhow::{Context, Result, bail};
use local::emulators::Data;
use local::ports::neighboring_ports;
use local::stack::{Options, Stack};
use tokio::io::{AsyncBufReadExt, BufReader};

use super::command_line::stack;
use super::common::options;

/// Returns the error of a stack with this data folder.
async fn error_of(folder: &Path) -> Result<String> {
    let data = Data::Dir(folder.to_owned());
    match Stack::start(Options { data, ..options()? }).await {
        Ok(_) => bail!("the stack starts"),
        Err(error) => Ok(format!("{error:#}")),
    }
}

#[tokio::test]
async fn damaged_database_is_named_with_remedies() -> Result<()> {
    for name in ["dynamodb.sqlite", "s3.sqlite"] {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join(name);
        std::fs::write(&file, "not a database, but long enough to be read as one".repeat(100))?;
        let error = error_of(folder.path()).await?;
        assert!(error.contains(&*file.to_string_lossy()), "{error}");
        assert!(error.contains("damaged or no database") && error.contains("--data-dir"), "{error}");
        assert!(!error.contains("crypt"), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn missing_executable_is_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let options = Options {
        binaries: local::stack::Binaries::Dir(folder.path().to_owned()),
        prewarm: true,
        ..options()?
    };
    let error = format!("{:#}", Stack::start(options).await.map(drop).expect_err("the stack starts"));
    assert!(error.contains(&*folder.path().join("echo").to_string_lossy()), "{error}");
    Ok(())
}

#[tokio::test]
async fn wait_for_an_external_emulator_is_told() -> Result<()> {
    let [closed, _] = neighboring_ports()?;
    let endpoint = format!("http://127.0.0.1:{closed}");
    let mut child = stack(&["--port", "0"])?.env("AWS_ENDPOINT_URL_DYNAMODB", &endpoint).spawn()?;
    let mut lines = BufReader::new(child.stderr.take().context("no terminal")?).lines();
    let line = lines.next_line().await?.unwrap_or_default();
    assert!(line.contains(&endpoint) && line.contains("AWS_ENDPOINT_URL_DYNAMODB"), "{line}");
    assert!(line.starts_with("waiting for"), "{line}");
    child.kill().await?;
    Ok(())
}

#[tokio::test]
async fn banner_tells_the_place_of_the_data() -> Result<()> {
    let owner = Stack::start(options()?).await?;
    let mut command = stack(&["--port", "0", "--ephemeral"])?;
    let mut child = command.env("AWS_ENDPOINT_URL_DYNAMODB", owner.dynamodb_endpoint()).spawn()?;
    let mut lines = BufReader::new(child.stdout.as_mut().context("no output")?).lines();
    let expected = format!("tables at {}; objects in memory", owner.dynamodb_endpoint());
    while let Some(line) = lines.next_line().await? {
        if line.contains("  data  ") {
            assert!(line.contains(&expected), "{line}");
            return Ok(());
        }
    }
    panic!("no line has the place");
}

#[tokio::test]
async fn banner_lets_tools_use_the_emulators() -> Result<()> {
    let mut child = stack(&["--port", "0", "--ephemeral"])?.spawn()?;
    let mut lines = BufReader::new(child.stdout.as_mut().context("no output")?).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some(variables) = line.trim_start().strip_prefix("AWS tools") {
            assert!(variables.trim_start().starts_with("export AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:"));
            assert!(
                variables.contains(" AWS_ENDPOINT_URL_S3=http://127.0.0.1:") && variables.contains("=test")
            );
            return Ok(());
        }
    }
    panic!("no line has the variables");
}
