//! Existing and missing projects.

use anyhow::Result;
use testing::{App, projects};

#[tokio::test]
async fn get_returns_the_created_project() -> Result<()> {
    let app = App::start(&[]).await?;
    let created = app.create("Apollo").await?;
    let got = app.as_alice("GET", created.header("location")).send().await?;
    assert_eq!((got.status, got.header("etag")), (200, "\"1\""));
    assert_eq!(got.body, created.body);
    Ok(())
}

#[tokio::test]
async fn foreign_or_unknown_project_is_404() -> Result<()> {
    let app = App::start(&[]).await?;
    let id = app.new_item("umbrella", "Apollo").await?;
    for other in [id.as_str(), &id.to_uppercase(), "01900000-0000-7000-8000-000000000000", "7", "%20"] {
        let got = app.as_alice("GET", &format!("{}/{other}", projects("acme"))).send().await?;
        assert_eq!(got.status_and_code(), "404 NOT_FOUND", "{other}");
    }
    Ok(())
}
