//! Files and the URLs of their bytes.

use anyhow::{Context, Result};
use jiff::Timestamp;
use local::clock::now;
use serde_json::Value;
use testing::{App, Client, PNG, files};

/// Uploads a file to a new project of `acme`. Returns the project and the path of the file.
async fn uploaded(app: &App, name: &str) -> Result<(String, String)> {
    let project = app.new_item("acme", "Apollo").await?;
    let response = app.upload(&project, name, "image/png", PNG).await?;
    Ok((project, response.header("location").to_owned()))
}

#[tokio::test]
async fn url_leads_to_the_bytes_as_an_attachment() -> Result<()> {
    let app = App::start(&[]).await?;
    let (_, path) = uploaded(&app, "a 'b'é.png").await?;
    let read = app.as_alice("GET", &path).send().await?;
    assert_eq!(read.status_and_code(), "200");
    let download = read.json()["data"]["download"].clone();
    let bytes = Client::new("").get(download["url"].as_str().unwrap_or_default()).send().await?;
    assert_eq!((bytes.status, &bytes.body[..]), (200, PNG));
    assert_eq!(bytes.header("content-type"), "image/png");
    let disposition = "attachment; filename*=UTF-8''a%20%27b%27%C3%A9.png";
    assert_eq!(bytes.header("content-disposition"), disposition);
    Ok(())
}

#[tokio::test]
async fn url_expires_after_a_minute() -> Result<()> {
    let app = App::start(&[]).await?;
    let (_, path) = uploaded(&app, "a.png").await?;
    let before = now().as_second();
    let download = app.as_alice("GET", &path).send().await?.json()["data"]["download"].clone();
    let after = now().as_second();
    let expires: Timestamp = download["expiresAt"].as_str().context("there is no time")?.parse()?;
    assert!((before + 60..=after + 60).contains(&expires.as_second()));
    let url = download["url"].as_str().unwrap_or_default();
    assert!(url.contains("X-Amz-Expires=60"), "{url}");
    let changed = url.replace("X-Amz-Expires=60", "X-Amz-Expires=600");
    assert_eq!(Client::new("").get(&changed).send().await?.status, 403);
    Ok(())
}

#[tokio::test]
async fn file_without_object_is_404() -> Result<()> {
    let app = App::start(&[]).await?;
    let (_, path) = uploaded(&app, "a.png").await?;
    let delete = app.s3().delete_object().bucket(app.stack.bucket("UploadsBucket"));
    delete.key(app.objects().await?.remove(0)).send().await?;
    for path in [path.clone(), format!("{path}/content")] {
        assert_eq!(app.as_alice("GET", &path).send().await?.status_and_code(), "404 NOT_FOUND");
    }
    Ok(())
}

#[tokio::test]
async fn file_is_found_in_its_project_only() -> Result<()> {
    let app = App::start(&[]).await?;
    let (project, path) = uploaded(&app, "a.png").await?;
    let other = app.new_item("acme", "Gemini").await?;
    let foreign = app.new_item("umbrella", "Apollo").await?;
    let id = path.rsplit('/').next().unwrap_or_default();
    for path in [
        format!("{}/{id}", files("acme", &other)),
        format!("{}/{id}", files("acme", &foreign)),
        format!("{}/{project}", files("acme", &project)),
        format!("{}/{}", files("acme", &project), id.to_uppercase()),
    ] {
        for path in [path.clone(), format!("{path}/content")] {
            assert_eq!(app.as_alice("GET", &path).send().await?.status_and_code(), "404 NOT_FOUND", "{path}");
        }
        assert_eq!(app.as_alice("DELETE", &path).send().await?.status_and_code(), "404 NOT_FOUND", "{path}");
    }
    assert_eq!(app.as_alice("GET", &path).send().await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn files_of_a_deleted_project_are_404() -> Result<()> {
    let app = App::start(&[]).await?;
    let (project, path) = uploaded(&app, "a.png").await?;
    let delete = app.as_alice("DELETE", path.split("/files").next().unwrap_or_default()).send().await?;
    assert_eq!(delete.status, 204);
    let list = files("acme", &project);
    for (method, path) in
        [("GET", &path), ("GET", &format!("{path}/content")), ("GET", &list), ("DELETE", &path)]
    {
        let response = app.as_alice(method, path).send().await?;
        assert_eq!(response.status_and_code(), "404 NOT_FOUND", "{method} {path}");
    }
    assert_eq!(app.upload(&project, "b.png", "image/png", PNG).await?.status, 404);
    assert_eq!(app.begin(&project, "b.png", "image/png", PNG).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn file_is_read_in_one_round_trip() -> Result<()> {
    let app = App::start_with(&[], |options| options).await?;
    let (_, path) = uploaded(&app, "a.png").await?;
    app.proxy.clear();
    app.as_alice("GET", &path).send().await?;
    let mut calls: Vec<_> = app.proxy.calls().into_iter().map(|call| call.operation).collect();
    calls.sort_unstable();
    assert_eq!(calls, ["GetItem", "GetItem", "HEAD", "UpdateItem"]);
    Ok(())
}

#[tokio::test]
async fn log_keeps_the_url_secret() -> Result<()> {
    let app = App::start(&[("LOG_LEVEL", "debug")]).await?;
    let (_, path) = uploaded(&app, "a.png").await?;
    let read = app.as_alice("GET", &path).send().await?.json();
    let url = read["data"]["download"]["url"].as_str().unwrap_or_default().to_owned();
    let signature = url.split("X-Amz-Signature=").nth(1).context("the URL has no signature")?;
    app.stack.log_with("get-file", "\"status\":200").await.context("the request is not logged")?;
    assert!(app.stack.logs("get-file").iter().all(|line| !line.contains(signature)));
    assert_ne!(read["data"]["id"], Value::Null);
    Ok(())
}
