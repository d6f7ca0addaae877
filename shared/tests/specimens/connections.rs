//! Warm-up of a function: it opens connections before its first request, and sends and logs nothing.

use anyhow::{Context, Result};
use local::stack::Options;
use testing::{App, PNG, TlsProxy};

/// Two for each of the five functions that read, which call the counter and their rows concurrently. One for each of the
/// six others.
const TO_TABLES: usize = 16;

/// One for an upload.
const TO_OBJECTS: usize = 1;

/// Endpoint of an emulator for the functions of `app`, without the recording proxy.
fn endpoint<'a>(app: &'a App, name: &str) -> Result<&'a str> {
    let variables = app.stack.variables("UploadFile")?;
    variables.get(name).map(String::as_str).context("the functions have no endpoint")
}

/// Starts proxies of both emulators, and an app whose functions have opened connections to them and wait.
async fn waiting(app: &App) -> Result<(App, [TlsProxy; 2])> {
    let tables = TlsProxy::start(endpoint(app, "AWS_ENDPOINT_URL_DYNAMODB")?, None).await?;
    let objects = TlsProxy::start(endpoint(app, "AWS_ENDPOINT_URL_S3")?, None).await?;
    // A host name, like that of an emulator elsewhere, keeps the bucket in the path.
    let by_name = objects.url().replace("127.0.0.1", "localhost");
    let endpoints = [("AWS_ENDPOINT_URL_DYNAMODB", &*tables.url()), ("AWS_ENDPOINT_URL_S3", &*by_name)];
    let other =
        app.second_environment_with(&endpoints, |options| Options { prewarm: true, ..options }).await?;
    tables.wait_for(TO_TABLES).await?;
    objects.wait_for(TO_OBJECTS).await?;
    Ok((other, [tables, objects]))
}

/// Sends a request to functions of each kind.
async fn check(app: &App) -> Result<()> {
    let note = app.new_item("acme", "Apollo").await?;
    assert_eq!(app.list("").await?.status_and_code(), "200");
    assert_eq!(app.upload(&note, "a.png", "image/png", PNG).await?.status_and_code(), "201");
    Ok(())
}

#[tokio::test]
async fn idle_function_connects_and_sends_nothing() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let (other, _proxies) = waiting(&app).await?;
    assert_eq!(app.proxy.calls(), []);
    assert_eq!(other.stack.logs("specimens"), Vec::<String>::new());
    check(&other).await
}

#[tokio::test]
async fn closed_idle_connections_are_reopened() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let (other, [tables, objects]) = waiting(&app).await?;
    tables.break_off();
    objects.break_off();
    check(&other).await?;
    assert!(tables.opened() > TO_TABLES && objects.opened() > TO_OBJECTS);
    Ok(())
}
