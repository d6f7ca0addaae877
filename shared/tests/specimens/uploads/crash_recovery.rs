//! An upload whose function was killed beside its object, and the same upload sent again.

use anyhow::{Context, Result};
use serde_json::json;
use testing::{
    App, Breakpoint, CallMatcher, Client, FORM, Fault, Moment, PNG, RequestBuilder, Response, form,
    in_seconds,
};

use super::files;

/// The tag of an object that no row refers to yet.
const UNRECORDED: &str = "state=unrecorded";

fn post(app: &App, client: &Client, organization: &str, note: &str) -> RequestBuilder {
    let request = client.post(&files(organization, note)).bearer(&app.token(organization, &[organization]));
    request.key("key").body(FORM, form("a.png", "image/png", PNG))
}

/// The objects of the organization, each with its tags, and the objects that its files name.
async fn stored(app: &App, organization: &str) -> Result<(Vec<(String, Vec<String>)>, Vec<String>)> {
    let rows = app.rows("NotesTable", "FILE#").await?;
    let own = rows.iter().filter(|row| row["pk"] == format!("ORG#{organization}"));
    let named = own.map(|row| row["object"].as_str().unwrap_or_default().to_owned()).collect();
    Ok((app.tagged_objects(organization).await?, named))
}

/// Kills the function when it makes the call that `hold` waits for, and returns what the gateway says.
async fn kill(app: &App, mut hold: Breakpoint, request: RequestBuilder) -> Result<Response> {
    let request = tokio::spawn(request.send());
    hold.reached().await?;
    app.stack.crash("UploadFile");
    let response = request.await.context("the request was interrupted")?;
    hold.break_off();
    response
}

#[tokio::test]
async fn expired_object_is_put_again_on_repeat() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let before_the_tag = CallMatcher::of("DELETE?tagging");
    // What S3 says of an object that is gone depends on the bucket's versions and on who asks.
    for (organization, word) in
        [("gone", None), ("denied", Some(Fault::Denied)), ("marked", Some(Fault::NotAllowed))]
    {
        let note = app.new_item(organization, "Apollo").await?;
        let hold = app.proxy.hold(before_the_tag.clone().number(1), Moment::Before);
        let lenient = Client::new(app.stack.url());
        kill(&app, hold, post(&app, &lenient, organization, &note)).await?;
        let (objects, _) = stored(&app, organization).await?;
        let [(key, tags)] = &objects[..] else { anyhow::bail!("{objects:?} is not one object") };
        assert_eq!(tags, &[UNRECORDED]);
        let delete = app.stack.s3().delete_object().bucket(app.stack.bucket("UploadsBucket"));
        delete.key(key).send().await?;

        let outage = word.map(|word| app.proxy.fail(before_the_tag.clone().number(1), word));
        let again = post(&app, &app.client, organization, &note).send().await?;
        drop(outage);
        assert_eq!((again.status_and_code().as_str(), again.header("idempotency-replayed")), ("201", "true"));
        assert_eq!(stored(&app, organization).await?.0, [(key.clone(), Vec::new())]);
        assert_eq!(app.object(key).await?.bytes, PNG);
    }
    Ok(())
}

#[tokio::test]
async fn killed_upload_leaves_acknowledged_object_unchanged() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    assert_eq!(post(&app, &app.client, "acme", &note).send().await?.status_and_code(), "201");
    // The key is free again, so the same upload comes to the same object as a new one.
    let mut records = app.rows("NotesTable", "IDEMPOTENCY#").await?;
    records[0]["expiresAt"] = json!(in_seconds(-1));
    app.put_row("NotesTable", &records[0]).await?;
    let hold = app.proxy.hold(CallMatcher::of("PUT"), Moment::After);
    let lenient = Client::new(app.stack.url());
    assert_eq!(kill(&app, hold, post(&app, &lenient, "acme", &note)).await?.status, 500);
    let (objects, named) = stored(&app, "acme").await?;
    assert_eq!((objects, named.len()), (vec![(named[0].clone(), Vec::new())], 1));
    Ok(())
}
