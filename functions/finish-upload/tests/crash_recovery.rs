//! Direct uploads and downloads with kills and faults in their storage calls.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use testing::{
    App, CallMatcher, Client, Fault, Moment, PNG, RequestBuilder, description, files, object_key, put,
    uploads,
};

/// Begins an upload of a PNG image to a new project of the organization, puts the bytes and returns the paths of the
/// upload and of its file.
async fn uploaded(app: &App, organization: &str) -> Result<(String, String)> {
    let project = app.new_item(organization, "Apollo").await?;
    let path = uploads(organization, &project);
    let request = app.request_of("maker", &[organization], "POST", &path);
    let upload = request.json(&description("a.png", "image/png", PNG)).send().await?.json()["data"].clone();
    assert_eq!(put(&upload, PNG).send().await?.status, 200);
    let id = upload["id"].as_str().unwrap_or_default();
    Ok((format!("{path}/{id}"), format!("{}/{id}", files(organization, &project))))
}

fn finish(app: &App, client: &Client, organization: &str, path: &str) -> RequestBuilder {
    client.post(path).bearer(&app.token(organization, &[organization]))
}

/// Counts the files of an organization, and reads its objects with their tags.
async fn stored(app: &App, organization: &str) -> Result<(Vec<Value>, Vec<(String, Vec<String>)>)> {
    let rows = app.rows_of(organization, "ProjectsTable", "FILE").await?;
    Ok((rows, app.tagged_objects(organization).await?))
}

#[tokio::test]
async fn killed_finish_can_be_repeated() -> Result<()> {
    let app = App::start(&[]).await?;
    let (path, _) = uploaded(&app, "uninterrupted").await?;
    app.proxy.clear();
    assert_eq!(finish(&app, &app.client, "uninterrupted", &path).send().await?.status, 201);
    let mut calls: Vec<_> = app.proxy.calls().into_iter().map(|call| call.operation).collect();
    calls[..4].sort_unstable();
    calls[4..6].sort_unstable();
    let reads = ["GetItem", "GetItem", "GetItem", "UpdateItem", "GET", "HEAD"];
    assert_eq!(calls, [&reads[..], &["TransactWriteItems", "DELETE?tagging", "GetItem"]].concat());
    for number in 1..=calls.len() {
        for moment in [Moment::Before, Moment::After] {
            let organization = format!("killed-{moment:?}-{number}");
            let (path, _) = uploaded(&app, &organization).await?;
            let mut breakpoint =
                app.proxy.hold(CallMatcher::any().with(&organization).number(number), moment);
            // The response of the gateway for a dead function has no envelope.
            let lenient = Client::new(app.stack.url());
            let request = tokio::spawn(finish(&app, &lenient, &organization, &path).send());
            breakpoint.reached().await?;
            app.stack.crash("finish-upload");
            assert_eq!(request.await.context("the request was interrupted")??.status, 500);
            breakpoint.break_off();
            let again = finish(&app, &app.client, &organization, &path).send().await?;
            assert_eq!(again.status_and_code(), "201", "{organization}");
            let (rows, objects) = stored(&app, &organization).await?;
            let expected = [(object_key(&organization, &again.json()["data"]), Vec::new())];
            assert_eq!((rows.len(), &objects[..]), (1, &expected[..]), "{organization}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn faulty_calls_are_503_or_harmless() -> Result<()> {
    let app = App::start(&[]).await?;
    for operation in ["GetItem", "HEAD", "GET", "TransactWriteItems", "DELETE?tagging"] {
        for fault in
            [Fault::Throttled, Fault::Broken, Fault::ConnectionReset, Fault::ResponseLost, Fault::InvalidBody]
        {
            let organization = format!("{}-{fault:?}", operation.replace('?', "-")).to_lowercase();
            let (upload, file) = uploaded(&app, &organization).await?;
            let outage = app.proxy.fail(CallMatcher::of(operation).with(&organization), fault);
            let first = finish(&app, &app.client, &organization, &upload).send().await?;
            let read = app.request_of("maker", &[&organization], "GET", &file).send().await?;
            let deleted = app.request_of("maker", &[&organization], "DELETE", &file).send().await?;
            drop(outage);
            for response in [&first, &read, &deleted] {
                let status = response.status;
                assert!(matches!(status, 200 | 201 | 204 | 404 | 503), "{organization}: {response:?}");
            }
            let again = finish(&app, &app.client, &organization, &upload).send().await?;
            let gone = deleted.status == 204 || again.status == 404;
            assert!(again.status == 201 || gone, "{organization}: {again:?}");
            app.stack.settle_streams().await?;
            let (rows, objects) = stored(&app, &organization).await?;
            let kept = json!([rows.len(), objects.iter().filter(|(_, tags)| tags.is_empty()).count()]);
            assert_eq!(kept, if gone { json!([0, 0]) } else { json!([1, 1]) }, "{organization}: {objects:?}");
        }
    }
    Ok(())
}
