//! The connections that a function opens: while it waits for its first request, so that this needn't wait for them.

use anyhow::{Context, Result};
use local::stack::Options;
use testing::{App, CallMatcher, Moment, PNG, TlsProxy};

/// Two for each of the five that read, whose counter is asked beside their rows, and one for each of the six that write.
const TO_TABLES: usize = 16;

/// One for an upload.
const TO_OBJECTS: usize = 1;

/// Where the functions of `app` find an emulator: past its tap.
fn endpoint<'a>(app: &'a App, name: &str) -> Result<&'a str> {
    let variables = app.stack.variables("UploadFile")?;
    variables.get(name).map(String::as_str).context("the functions are told where the emulators are")
}

/// Fronts of both emulators, and an app behind them whose functions have opened their connections and wait.
async fn waiting(app: &App) -> Result<(App, [TlsProxy; 2])> {
    let tables = TlsProxy::start(endpoint(app, "AWS_ENDPOINT_URL_DYNAMODB")?, None).await?;
    let objects = TlsProxy::start(endpoint(app, "AWS_ENDPOINT_URL_S3")?, None).await?;
    // By a name, as an emulator elsewhere has one: the bucket is in the path, and not in front of it.
    let by_name = objects.url().replace("127.0.0.1", "localhost");
    let ways = [("AWS_ENDPOINT_URL_DYNAMODB", &*tables.url()), ("AWS_ENDPOINT_URL_S3", &*by_name)];
    let other = app.second_instance_with(&ways, |options| Options { prewarm: true, ..options }).await?;
    tables.wait_for(TO_TABLES).await?;
    objects.wait_for(TO_OBJECTS).await?;
    Ok((other, [tables, objects]))
}

/// Asks functions of each kind.
async fn all_is_well(app: &App) -> Result<()> {
    let note = app.new_item("acme", "Apollo").await?;
    assert_eq!(app.list("").await?.status_and_code(), "200");
    assert_eq!(app.upload(&note, "a.png", "image/png", PNG).await?.status_and_code(), "201");
    Ok(())
}

#[tokio::test]
async fn idle_function_connects_and_sends_nothing() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let (other, _fronts) = waiting(&app).await?;
    assert_eq!(app.proxy.calls(), []);
    all_is_well(&other).await
}

#[tokio::test]
async fn closed_idle_connections_are_reopened() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let (other, [tables, objects]) = waiting(&app).await?;
    tables.break_off();
    objects.break_off();
    all_is_well(&other).await?;
    assert!(tables.opened() > TO_TABLES && objects.opened() > TO_OBJECTS);
    Ok(())
}

#[tokio::test]
async fn first_upload_connects_during_the_counter_call() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    let objects = TlsProxy::start(endpoint(&app, "AWS_ENDPOINT_URL_S3")?, None).await?;
    let other = app.second_instance(&[("AWS_ENDPOINT_URL_S3", &*objects.url())]).await?;
    let mut counter = other.proxy.hold(CallMatcher::of("UpdateItem").number(1), Moment::Before);
    let upload = other.upload(&note, "a.png", "image/png", PNG);
    let (response, opened) = tokio::join!(upload, async {
        counter.reached().await?;
        let opened = objects.wait_for(TO_OBJECTS).await;
        counter.release();
        opened
    });
    opened?;
    assert_eq!(response?.status_and_code(), "201");
    Ok(())
}
