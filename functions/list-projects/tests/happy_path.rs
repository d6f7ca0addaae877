//! Listed projects.

use anyhow::Result;
use serde_json::json;
use testing::{App, FORM, PNG, Response, files, form, projects};

fn names(response: &Response) -> Vec<String> {
    let body = response.json();
    let projects = body["data"]["projects"].as_array().into_iter().flatten();
    projects.filter_map(|project| project["name"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn empty_organization_has_one_empty_page() -> Result<()> {
    let app = App::start(&[]).await?;
    let response = app.list("").await?;
    assert_eq!(
        (response.status, response.json()),
        (200, json!({"data": {"projects": [], "nextCursor": null}}))
    );
    Ok(())
}

#[tokio::test]
async fn listed_projects_equal_the_created_ones() -> Result<()> {
    let app = App::start(&[]).await?;
    let bare = app.create("Apollo").await?.json()["data"].clone();
    let body = json!({"name": "Gemini", "description": "Two by two", "color": "#112233"});
    let full = app.as_alice("POST", &projects("acme")).json(&body).send().await?.json()["data"].clone();
    assert_eq!(app.list("").await?.json()["data"]["projects"], json!([full, bare]));
    Ok(())
}

#[tokio::test]
async fn only_projects_are_listed() -> Result<()> {
    let app = App::start(&[]).await?;
    let request = app.as_alice("POST", &projects("acme")).key("key").json(&json!({"name": "Apollo"}));
    let project = request.send().await?.json()["data"]["id"].as_str().unwrap_or_default().to_owned();
    let request = app.as_alice("POST", &files("acme", &project)).key("key");
    assert_eq!(request.body(FORM, form("a.png", "image/png", PNG)).send().await?.status, 201);
    assert_eq!(names(&app.list("").await?), ["Apollo"]);
    Ok(())
}
