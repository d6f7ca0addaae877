//! Functions that follow a table's stream.

use anyhow::{Context, Result};
use serde_json::Value;
use testing::{App, CallMatcher, FORM, Fault, PNG, form, notes};

use crate::uploads::files;

/// Creates a note of an organization with a file. Returns the path of the note.
async fn note_with_file(app: &App, organization: &str, segment: &str, name: &str) -> Result<String> {
    let note = app.new_item_at(organization, segment, name).await?;
    let request = app.request_of("maker", &[organization], "POST", &files(segment, &note));
    assert_eq!(request.body(FORM, form("a.png", "image/png", PNG)).send().await?.status, 201);
    Ok(format!("{}/{note}", notes(segment)))
}

async fn delete(app: &App, organization: &str, path: &str) -> Result<()> {
    assert_eq!(app.request_of("maker", &[organization], "DELETE", path).send().await?.status, 204);
    Ok(())
}

/// Counts the rows of files and the objects.
async fn left(app: &App) -> Result<(usize, usize)> {
    Ok((app.rows("NotesTable", "FILE").await?.len(), app.objects().await?.len()))
}

#[tokio::test]
async fn changes_are_followed_in_their_own_scope() -> Result<()> {
    let app = App::specimens(&[]).await?;
    // Each id would be the beginning of another's keys if it were not escaped.
    for (organization, segment) in
        [("a", "a"), ("a#NOTE", "a%23NOTE"), ("a b", "a%20b"), ("\u{e9}", "%C3%A9")]
    {
        note_with_file(&app, organization, segment, "Kept").await?;
        let path = note_with_file(&app, organization, segment, "Gone").await?;
        delete(&app, organization, &path).await?;
    }
    app.stack.settle_streams().await?;
    assert_eq!(left(&app).await?, (4, 4));
    Ok(())
}

#[tokio::test]
async fn failed_change_is_repeated_and_logged() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let path = note_with_file(&app, "acme", "acme", "Apollo").await?;
    delete(&app, "acme", &path).await?;
    // Two invocations fail, each after three attempts of the SDK.
    let outage = app.proxy.fail(CallMatcher::of("BatchWriteItem").first(6), Fault::Broken);
    app.stack.settle_streams().await?;
    drop(outage);
    assert_eq!(left(&app).await?, (0, 0));
    let line = app.stack.log_with("specimens", "a change could not be handled").await;
    let line: Value = serde_json::from_str(&line.context("the failure is not logged")?)?;
    assert_eq!(
        (&line["level"], line["row"].as_str().is_some_and(|row| row.contains("#NOTE"))),
        (&"ERROR".into(), true)
    );
    assert!(line["error"].as_str().is_some_and(|error| error.contains("InternalServerError")), "{line}");
    Ok(())
}

#[tokio::test]
async fn panic_fails_its_change_only() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let unlucky = note_with_file(&app, "acme", "acme", "Unlucky").await?;
    let other = note_with_file(&app, "acme", "acme", "Apollo").await?;
    delete(&app, "acme", &unlucky).await?;
    delete(&app, "acme", &other).await?;
    app.stack.settle_streams().await?;
    assert_eq!(left(&app).await?, (1, 1), "the other note's file is gone");
    app.stack.log_with("specimens", "gave up after").await.context("the end is not logged")?;
    assert!(app.stack.logs("specimens").iter().all(|line| !line.contains("the process ended")));
    Ok(())
}

#[tokio::test]
async fn silent_storage_fails_the_change_in_time() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let path = note_with_file(&app, "acme", "acme", "Apollo").await?;
    delete(&app, "acme", &path).await?;
    let outage = app.proxy.fail(CallMatcher::of("BatchWriteItem"), Fault::Slow);
    let line = async {
        let line = app.stack.log_with("specimens", "a change could not be handled").await;
        drop(outage);
        line
    };
    let (settled, line) = tokio::join!(app.stack.settle_streams(), line);
    settled?;
    line.context("the function did not respond by itself")?;
    assert_eq!(left(&app).await?, (0, 0));
    Ok(())
}
