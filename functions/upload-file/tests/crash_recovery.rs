//! A function is killed between any two of its storage calls, and the upload is repeated.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use testing::{App, CallMatcher, Client, FORM, Moment, PNG, RequestBuilder, files, form, object_key};

/// Tag of a pending object.
const PENDING: &str = "state=unrecorded";

fn post(app: &App, client: &Client, organization: &str, project: &str, key: bool) -> RequestBuilder {
    let request =
        client.post(&files(organization, project)).bearer(&app.token(organization, &[organization]));
    let request = request.body(FORM, form("a.png", "image/png", PNG));
    if key { request.key("key") } else { request }
}

/// Returns the objects of the organization with their tags, and the object keys of its rows.
async fn stored(app: &App, organization: &str) -> Result<(Vec<(String, Vec<String>)>, Vec<String>)> {
    let rows = app.rows_of(organization, "ProjectsTable", "FILE").await?;
    let named = rows.iter().map(|row| object_key(organization, row)).collect();
    Ok((app.tagged_objects(organization).await?, named))
}

/// Uploads a file and kills the function at the call with this number; returns the project.
async fn kill_at(app: &App, organization: &str, number: usize, moment: Moment, key: bool) -> Result<String> {
    let project = app.new_item(organization, "Apollo").await?;
    let mut breakpoint = app.proxy.hold(CallMatcher::any().with(organization).number(number), moment);
    // The response of the gateway for a dead function has no envelope.
    let lenient = Client::new(app.stack.url());
    let request = tokio::spawn(post(app, &lenient, organization, &project, key).send());
    breakpoint.reached().await?;
    app.stack.crash("upload-file");
    let response = request.await.context("the request was interrupted")??;
    breakpoint.break_off();
    assert_eq!(
        (response.status, response.code().as_str()),
        (500, ""),
        "the gateway responds for a dead function"
    );
    Ok(project)
}

/// Operations of the storage calls of an upload. The first three, the reads and the counter, may come in any order.
async fn calls(app: &App) -> Result<Vec<String>> {
    let project = app.new_item("uninterrupted", "Apollo").await?;
    app.proxy.clear();
    post(app, &app.client, "uninterrupted", &project, true).send().await?;
    let mut calls: Vec<_> = app.proxy.calls().into_iter().map(|call| call.operation).collect();
    calls[..3].sort_unstable();
    Ok(calls)
}

#[tokio::test]
async fn keyed_upload_is_stored_exactly_once() -> Result<()> {
    let app = App::start(&[]).await?;
    let calls = calls(&app).await?;
    let expected = ["GetItem", "GetItem", "UpdateItem", "PUT", "TransactWriteItems", "DELETE?tagging"];
    assert_eq!(calls, expected);
    for number in 1..=calls.len() {
        for moment in [Moment::Before, Moment::After] {
            let organization = format!("killed-{moment:?}-{number}");
            let project = kill_at(&app, &organization, number, moment, true).await?;
            let again = post(&app, &app.client, &organization, &project, true).send().await?;
            let committed = number > 5 || (number, moment) == (5, Moment::After);
            let found = (again.status_and_code(), again.header("idempotency-replayed"));
            assert_eq!((found.0.as_str(), found.1), ("201", if committed { "true" } else { "" }));
            let (objects, named) = stored(&app, &organization).await?;
            assert_eq!(named.len(), 1, "{organization}");
            // An attempt that ended behind the put leaves an orphan, which the bucket deletes.
            let kept: Vec<_> = objects.iter().filter(|(_, tags)| tags != &[PENDING]).collect();
            assert_eq!(kept, [&(named[0].clone(), Vec::new())], "{organization}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn orphans_of_unkeyed_uploads_keep_the_pending_tag() -> Result<()> {
    let app = App::start(&[]).await?;
    // Without a key there is no call for an idempotency record.
    for number in 1..calls(&app).await?.len() {
        for moment in [Moment::Before, Moment::After] {
            let organization = format!("killed-{moment:?}-{number}");
            let project = kill_at(&app, &organization, number, moment, false).await?;
            let again = post(&app, &app.client, &organization, &project, false).send().await?;
            assert_eq!(again.status_and_code(), "201", "{organization}");
            let (objects, named) = stored(&app, &organization).await?;
            let kept: BTreeSet<_> = objects.iter().filter(|(_, tags)| tags.is_empty()).collect();
            let pending = objects.iter().filter(|(_, tags)| tags == &[PENDING]).count();
            assert_eq!(kept.len() + pending, objects.len(), "{organization}: {objects:?}");
            assert!(kept.iter().all(|(key, _)| named.contains(key)), "{organization}: {objects:?}");
            let acknowledged = object_key(&organization, &again.json()["data"]);
            assert!(kept.iter().any(|(key, _)| *key == acknowledged), "{organization}: {objects:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn file_deleted_before_its_commit_leaves_nothing() -> Result<()> {
    let app = App::start(&[]).await?;
    let project = app.new_item("acme", "Apollo").await?;
    let mut breakpoint = app.proxy.hold(CallMatcher::of("DELETE?tagging"), Moment::Before);
    let upload = tokio::spawn(post(&app, &app.client, "acme", &project, true).send());
    breakpoint.reached().await?;
    let id = app.rows("ProjectsTable", "FILE").await?[0]["id"].as_str().unwrap_or_default().to_owned();
    let file = format!("{}/{id}", files("acme", &project));
    assert_eq!(app.as_alice("DELETE", &file).send().await?.status, 204);
    app.stack.settle_streams().await?;
    breakpoint.release();
    assert_eq!(upload.await.context("the request was interrupted")??.status, 201, "it took effect first");
    let again = post(&app, &app.client, "acme", &project, true).send().await?;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert_eq!(stored(&app, "acme").await?, (Vec::new(), Vec::new()));
    Ok(())
}
