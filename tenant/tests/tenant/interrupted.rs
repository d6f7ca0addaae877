//! A command that was killed anywhere is continued by the same command.

use std::process::ExitStatus;

use anyhow::{Context, Result};
use testing::{App, CallMatcher, Moment};
use tokio::process::Command;

use super::common::{ERASE, Stored, add_rows, json_lines, service, succeed, tenant};

/// Kills the command when one of its calls has taken effect.
async fn kill_at(app: &App, mut tenant: Command, call: CallMatcher) -> Result<ExitStatus> {
    let mut breakpoint = app.proxy.hold(call, Moment::After);
    let mut process = tenant.spawn()?;
    breakpoint.reached().await?;
    process.start_kill()?;
    process.wait().await.context("the command can't be awaited")
}

#[tokio::test]
async fn killed_erasure_is_continued() -> Result<()> {
    let app = service().await?;
    add_rows(&app, 500).await?;
    let (all, others) = {
        let stored = Stored::read(&app).await?;
        (stored.of_acme().len(), stored.of_others())
    };
    let status =
        kill_at(&app, tenant(&app, "erase", &ERASE)?, CallMatcher::of("BatchWriteItem").number(9)).await?;
    assert!(!status.success());
    let left = Stored::read(&app).await?.of_acme().len();
    assert!(0 < left && left < all, "{left} of {all}");
    // The rows are gone, and the first versions of objects.
    kill_at(&app, tenant(&app, "erase", &ERASE)?, CallMatcher::of("POST")).await?;
    let options = [&ERASE[..], &["--allow-empty"]].concat();
    let lines = succeed(tenant(&app, "erase", &options)?).await?;
    assert!(lines.contains("nothing is left"), "{lines}");
    app.stack.settle_streams().await?;
    Stored::read(&app).await?.check(&others)
}

#[tokio::test]
async fn killed_export_is_continued() -> Result<()> {
    let (app, scratch) = (service().await?, tempfile::tempdir()?);
    add_rows(&app, 300).await?;
    let path = scratch.path().to_str().context("not UTF-8")?;
    // With one call after the other, the first segments are complete.
    let options = ["--to", path, "--parallel", "1"];
    kill_at(&app, tenant(&app, "export", &options)?, CallMatcher::of("Scan").number(30)).await?;
    assert!(!scratch.path().join("rows").exists());
    app.proxy.clear();
    kill_at(&app, tenant(&app, "export", &options)?, CallMatcher::of("GET").with("/orgs/").number(1)).await?;
    let scans = app.proxy.calls().iter().filter(|call| call.operation == "Scan").count();
    assert_eq!(scans, 64 - 29, "complete segments are scanned again");
    let lines = succeed(tenant(&app, "export", &options)?).await?;
    assert!(lines.contains(": 310 of acme"), "{lines}");
    let file = format!("rows/{}.jsonl", app.stack.table("NotesTable"));
    let rows = json_lines(&std::fs::read_to_string(scratch.path().join(file))?)?;
    assert_eq!(rows.len(), 310);
    Ok(())
}
