//! Pages of a project's files.

use anyhow::Result;
use serde_json::{Value, json};
use testing::{App, PNG, Response, files};

/// Ids of the files on a page.
fn ids(page: &Response) -> Vec<Value> {
    let data = page.json()["data"].clone();
    data["files"].as_array().into_iter().flatten().map(|file| file["id"].clone()).collect()
}

/// Uploads a file to a project of `acme` and returns it.
async fn upload(app: &App, project: &str, name: &str) -> Result<Value> {
    Ok(app.upload(project, name, "image/png", PNG).await?.json()["data"].clone())
}

#[tokio::test]
async fn list_has_the_uploaded_files_newest_first() -> Result<()> {
    let app = App::start(&[]).await?;
    let project = app.new_item("acme", "Apollo").await?;
    let other = app.new_item("acme", "Gemini").await?;
    let mut uploaded = Vec::new();
    for name in ["a.png", "b.png", "c.png"] {
        uploaded.insert(0, upload(&app, &project, name).await?);
    }
    upload(&app, &other, "d.png").await?;
    let list = app.as_alice("GET", &files("acme", &project)).send().await?;
    assert_eq!(list.status, 200);
    assert_eq!(list.json(), json!({"data": {"files": uploaded, "nextCursor": null}}));
    Ok(())
}

#[tokio::test]
async fn pages_continue_where_they_ended() -> Result<()> {
    let app = App::start(&[]).await?;
    let project = app.new_item("acme", "Apollo").await?;
    let mut uploaded = Vec::new();
    for turn in 0..3 {
        uploaded.insert(0, upload(&app, &project, &format!("{turn}.png")).await?["id"].clone());
    }
    let path = files("acme", &project);
    let first = app.as_alice("GET", &format!("{path}?limit=2")).send().await?;
    let cursor = first.json()["data"]["nextCursor"].as_str().unwrap_or_default().to_owned();
    let last = app.as_alice("GET", &format!("{path}?limit=2&cursor={cursor}")).send().await?;
    assert_eq!([ids(&first), ids(&last)].concat(), uploaded);
    assert_eq!(last.json()["data"]["nextCursor"], Value::Null);
    Ok(())
}

#[tokio::test]
async fn cursor_of_another_project_is_refused() -> Result<()> {
    let app = App::start(&[]).await?;
    let (project, other) = (app.new_item("acme", "Apollo").await?, app.new_item("acme", "Gemini").await?);
    for name in ["a.png", "b.png"] {
        upload(&app, &project, name).await?;
    }
    let first = app.as_alice("GET", &format!("{}?limit=1", files("acme", &project))).send().await?;
    let cursor = first.json()["data"]["nextCursor"].as_str().unwrap_or_default().to_owned();
    let foreign = format!("{}?cursor={cursor}", files("acme", &other));
    assert_eq!(app.as_alice("GET", &foreign).send().await?.status_and_code(), "400 VALIDATION_ERROR");
    Ok(())
}

#[tokio::test]
async fn foreign_or_unknown_project_is_404() -> Result<()> {
    let app = App::start(&[]).await?;
    let project = app.new_item("umbrella", "Apollo").await?;
    for other in [project.as_str(), "01900000-0000-7000-8000-000000000000", "7"] {
        let list = app.as_alice("GET", &files("acme", other)).send().await?;
        assert_eq!(list.status_and_code(), "404 NOT_FOUND", "{other}");
    }
    Ok(())
}

#[tokio::test]
async fn list_makes_three_calls() -> Result<()> {
    let app = App::start(&[]).await?;
    let project = app.new_item("acme", "Apollo").await?;
    app.proxy.clear();
    app.as_alice("GET", &files("acme", &project)).send().await?;
    let mut calls: Vec<_> = app.proxy.calls().into_iter().map(|call| call.operation).collect();
    calls.sort_unstable();
    assert_eq!(calls, ["GetItem", "Query", "UpdateItem"]);
    Ok(())
}
