//! Erasure takes all of one organization, and nothing of another.

use anyhow::{Context, Result};
use local::streams::Mode;
use serde_json::json;
use testing::{App, CallMatcher, Fault, Moment};

use super::common::{
    ERASE, OTHERS, Stored, add_rows, fail, neighborhood, service, succeed, tenant, tenant_of, tenant_of_rows,
};

#[tokio::test]
async fn erased_organization_leaves_nothing() -> Result<()> {
    let app = neighborhood(Mode::Manual).await?;
    let before = Stored::read(&app).await?;
    assert!(before.of_acme().len() > 10, "{:?}", before.of_acme());
    let others = before.of_others();
    let lines = succeed(tenant(&app, "erase", &ERASE)?).await?;
    assert!(lines.contains("pass 2: nothing is left"), "{lines}");
    // The function that follows the stream comes after.
    app.stack.settle_streams().await?;
    let after = Stored::read(&app).await?;
    assert_eq!(after.of_acme(), Vec::<&str>::new());
    after.check(&others)
}

#[tokio::test]
async fn erasure_beside_the_stream_does_no_harm() -> Result<()> {
    let app = neighborhood(Mode::Poll).await?;
    let others = Stored::read(&app).await?.of_others();
    succeed(tenant(&app, "erase", &ERASE)?).await?;
    app.stack.settle_streams().await?;
    Stored::read(&app).await?.check(&others)
}

#[tokio::test]
async fn every_other_organization_can_be_erased_alone() -> Result<()> {
    let app = neighborhood(Mode::Manual).await?;
    let mut left = Stored::read(&app).await?.0.len();
    for (organization, _) in OTHERS {
        let options = ["--confirm", organization, "--settle", "0"];
        succeed(tenant_of(&app, organization, "erase", &options)?).await?;
        app.stack.settle_streams().await?;
        let stored = Stored::read(&app).await?.0.len();
        // Two notes, each with a name, a file, its object and two records; and the counter of one.
        assert_eq!(left - stored, if organization == "acme2" { 13 } else { 12 }, "{organization}");
        left = stored;
    }
    assert!(Stored::read(&app).await?.of_acme().len() > 10);
    Ok(())
}

#[tokio::test]
async fn erasure_needs_the_id_again() -> Result<()> {
    let app = service().await?;
    let before = Stored::read(&app).await?;
    for (organization, confirm) in [("acme", "acme2"), ("acme", ""), ("acme", "ACME"), ("acme#NOTE", "acme")]
    {
        let lines = fail(tenant_of(&app, organization, "erase", &["--confirm", confirm])?).await?;
        assert!(lines.contains("nothing was erased"), "{lines}");
    }
    for organization in ["", ".", "..", "a\nb"] {
        let lines = fail(tenant_of(&app, organization, "erase", &["--confirm", organization])?).await?;
        assert!(lines.contains("organization's id must"), "{lines}");
    }
    fail(tenant(&app, "erase", &[])?).await?;
    assert_eq!(app.proxy.calls(), []);
    Stored::read(&app).await?.check(&before)
}

#[tokio::test]
async fn erasure_that_finds_nothing_fails() -> Result<()> {
    let app = service().await?;
    let before = Stored::read(&app).await?;
    let erase = ["--confirm", "Acme", "--settle", "0"];
    let lines = fail(tenant_of(&app, "Acme", "erase", &erase)?).await?;
    assert!(lines.contains("nothing of Acme was found") && !lines.contains("is left"), "{lines}");
    let options = [&erase[..], &["--allow-empty"]].concat();
    let lines = succeed(tenant_of(&app, "Acme", "erase", &options)?).await?;
    assert!(lines.contains("pass 1: nothing is left"), "{lines}");
    Stored::read(&app).await?.check(&before)
}

#[tokio::test]
async fn every_source_is_named() -> Result<()> {
    let app = service().await?;
    let endpoints = app.stack.variables("CreateNote")?;
    let (dynamodb, s3) = (&endpoints["AWS_ENDPOINT_URL_DYNAMODB"], &endpoints["AWS_ENDPOINT_URL_S3"]);
    for command in ["count", "erase"] {
        let options = if command == "erase" { &ERASE[..] } else { &[] };
        let lines = succeed(tenant(&app, command, options)?).await?;
        let sources: Vec<_> = lines.lines().take(3).collect();
        assert!(sources[0].starts_with("rows: arn:aws:dynamodb:"), "{lines}");
        assert!(
            sources[0].ends_with(&format!("/{} at {dynamodb}", app.stack.table("NotesTable"))),
            "{lines}"
        );
        assert!(sources[1].starts_with("counters: arn:aws:dynamodb:"), "{lines}");
        assert!(
            sources[1].ends_with(&format!("/{} at {dynamodb}", app.stack.table("RateLimitTable"))),
            "{lines}"
        );
        assert_eq!(sources[2], format!("objects: {} at {s3}", app.stack.bucket("UploadsBucket")), "{lines}");
        assert!(!lines.contains("not checked"), "{lines}");
    }
    Ok(())
}

#[tokio::test]
async fn sources_left_out_are_named() -> Result<()> {
    let app = service().await?;
    let lines = succeed(tenant_of_rows(&app, "acme", "erase", &ERASE)?).await?;
    let (_, proof) = lines.split_once("pass 2: nothing is left").context("no proof")?;
    for line in ["objects: not checked, because no --bucket", "counters: not checked, because no --counters"]
    {
        assert!(proof.contains(line), "{lines}");
    }
    assert!(!app.objects().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn count_changes_nothing() -> Result<()> {
    let app = service().await?;
    let before = Stored::read(&app).await?;
    let lines = succeed(tenant(&app, "count", &[])?).await?;
    let expected = "acme has 10 rows, 2 versions of objects, 0 delete markers, 1 counters\n";
    assert!(lines.ends_with(expected), "{lines}");
    Stored::read(&app).await?.check(&before)
}

#[tokio::test]
async fn rows_written_meanwhile_are_erased_too() -> Result<()> {
    let app = service().await?;
    // The first scan of the second pass, with no other beside it, by which the first pass has read and deleted all.
    let mut second = app.proxy.hold(CallMatcher::of("Scan").with("begins_with").number(65), Moment::Before);
    let mut erase = tenant(&app, "erase", &[&ERASE[..], &["--parallel", "1"]].concat())?;
    let running = tokio::spawn(async move { erase.output().await });
    second.reached().await?;
    app.put_row("NotesTable", &json!({"pk": "ORG#acme#LINE#late", "sk": "1"})).await?;
    second.release();
    let lines = String::from_utf8_lossy(&running.await??.stderr).into_owned();
    assert!(lines.contains("pass 2: erased 1 rows") && lines.contains("pass 3: nothing is left"), "{lines}");
    assert_eq!(Stored::read(&app).await?.of_acme(), Vec::<&str>::new());
    Ok(())
}

#[tokio::test]
async fn throttled_calls_are_repeated() -> Result<()> {
    let app = service().await?;
    let outages = ["Scan", "BatchWriteItem", "POST", "GET"]
        .map(|call| app.proxy.fail(CallMatcher::of(call).first(2), Fault::Throttled));
    succeed(tenant(&app, "erase", &ERASE)?).await?;
    drop(outages);
    assert_eq!(Stored::read(&app).await?.of_acme(), Vec::<&str>::new());
    Ok(())
}

#[tokio::test]
async fn unprocessed_rows_are_deleted_later() -> Result<()> {
    let app = service().await?;
    let outage = app.proxy.fail(CallMatcher::of("BatchWriteItem").first(4), Fault::Unprocessed);
    let lines = succeed(tenant(&app, "erase", &ERASE)?).await?;
    drop(outage);
    assert!(lines.contains("pass 1: erased 10 rows") && lines.contains("pass 2: nothing"), "{lines}");
    assert_eq!(Stored::read(&app).await?.of_acme(), Vec::<&str>::new());
    Ok(())
}

#[tokio::test]
async fn thousand_rows_are_erased() -> Result<()> {
    let app = service().await?;
    add_rows(&app, 1_000).await?;
    let others = Stored::read(&app).await?.of_others();
    let lines = succeed(tenant(&app, "erase", &ERASE)?).await?;
    assert!(lines.contains("erased of acme: 1010 rows, 2 versions"), "{lines}");
    app.stack.settle_streams().await?;
    Stored::read(&app).await?.check(&others)
}

#[tokio::test]
async fn missing_table_is_named() -> Result<()> {
    let app = App::specimens(&[]).await?;
    app.lose_table("NotesTable").await?;
    let lines = fail(tenant(&app, "erase", &ERASE)?).await?;
    assert!(
        lines.contains("can't describe the table") && lines.contains(app.stack.table("NotesTable")),
        "{lines}"
    );
    Ok(())
}
