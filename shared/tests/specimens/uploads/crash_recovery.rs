//! An upload is killed next to a call for its object, and repeated.

use anyhow::{Context, Result};
use serde_json::json;
use testing::{
    App, Breakpoint, CallMatcher, Client, FORM, Fault, Moment, PNG, RequestBuilder, Response, form,
    in_seconds, object_key,
};

use super::files;

/// Tag of a pending object.
const PENDING: &str = "state=unrecorded";

fn post(app: &App, client: &Client, organization: &str, note: &str) -> RequestBuilder {
    let request = client.post(&files(organization, note)).bearer(&app.token(organization, &[organization]));
    request.key("key").body(FORM, form("a.png", "image/png", PNG))
}

/// Returns the objects of the organization with their tags, and the object keys in its rows.
async fn stored(app: &App, organization: &str) -> Result<(Vec<(String, Vec<String>)>, Vec<String>)> {
    let rows = app.rows_of(organization, "NotesTable", "FILE").await?;
    let named = rows.iter().map(|row| object_key(organization, row)).collect();
    Ok((app.tagged_objects(organization).await?, named))
}

/// Kills the function at the call of `breakpoint` and returns the gateway's response.
async fn kill(app: &App, mut breakpoint: Breakpoint, request: RequestBuilder) -> Result<Response> {
    let request = tokio::spawn(request.send());
    breakpoint.reached().await?;
    app.stack.crash("UploadFile");
    let response = request.await.context("the request was interrupted")?;
    breakpoint.break_off();
    response
}

#[tokio::test]
async fn missing_object_is_never_201() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let untag = CallMatcher::of("DELETE?tagging");
    // The error of S3 for a deleted object depends on versioning and on the caller's permissions.
    for (organization, fault) in
        [("gone", None), ("denied", Some(Fault::Denied)), ("marked", Some(Fault::NotAllowed))]
    {
        let note = app.new_item(organization, "Apollo").await?;
        let breakpoint = app.proxy.hold(untag.clone().number(1), Moment::Before);
        let lenient = Client::new(app.stack.url());
        kill(&app, breakpoint, post(&app, &lenient, organization, &note)).await?;
        let (objects, _) = stored(&app, organization).await?;
        let [(key, tags)] = &objects[..] else { anyhow::bail!("{objects:?} is not one object") };
        assert_eq!(tags, &[PENDING]);
        let delete = app.s3().delete_object().bucket(app.stack.bucket("UploadsBucket"));
        delete.key(key).send().await?;

        let outage = fault.map(|fault| app.proxy.fail(untag.clone().number(1), fault));
        let again = post(&app, &app.client, organization, &note).send().await?;
        drop(outage);
        assert_eq!(again.status_and_code(), "503 SERVICE_UNAVAILABLE");
        assert_eq!(stored(&app, organization).await?.0, [], "a deleted object does not come back");
    }
    Ok(())
}

#[tokio::test]
async fn killed_upload_leaves_acknowledged_object_unchanged() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    assert_eq!(post(&app, &app.client, "acme", &note).send().await?.status_and_code(), "201");
    // The expired key makes the repeat a new upload, of another object.
    let mut records = app.rows("NotesTable", "IDEMPOTENCY").await?;
    records[0]["expiresAt"] = json!(in_seconds(-1));
    app.put_row("NotesTable", &records[0]).await?;
    let breakpoint = app.proxy.hold(CallMatcher::of("PUT"), Moment::After);
    let lenient = Client::new(app.stack.url());
    assert_eq!(kill(&app, breakpoint, post(&app, &lenient, "acme", &note)).await?.status, 500);
    let (objects, named) = stored(&app, "acme").await?;
    assert_eq!((objects.len(), named.len()), (2, 1));
    for (key, tags) in objects {
        assert_eq!(tags.is_empty(), key == named[0], "{key}");
    }
    Ok(())
}
