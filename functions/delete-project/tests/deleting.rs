//! Deletions of projects: versions, names, concurrency.

use anyhow::Result;
use serde_json::json;
use testing::{App, send_concurrently};

/// Creates a project and returns its path.
async fn created(app: &App, name: &str) -> Result<String> {
    Ok(app.create(name).await?.header("location").to_owned())
}

#[tokio::test]
async fn deleted_project_is_gone_and_its_name_free() -> Result<()> {
    let app = App::start(&[]).await?;
    let path = created(&app, "Apollo").await?;
    let deleted = app.as_alice("DELETE", &path).send().await?;
    assert_eq!((deleted.status, deleted.body.len()), (204, 0));
    for method in ["GET", "DELETE"] {
        assert_eq!(app.as_alice(method, &path).send().await?.status_and_code(), "404 NOT_FOUND", "{method}");
    }
    let change = app.as_alice("PATCH", &path).json(&json!({"name": "Gemini"})).send().await?;
    assert_eq!(change.status_and_code(), "404 NOT_FOUND");
    assert_eq!(app.list("").await?.json(), json!({"data": {"projects": [], "nextCursor": null}}));
    assert_eq!(app.create("apollo").await?.status, 201);
    Ok(())
}

#[tokio::test]
async fn other_version_is_409_with_the_current_one() -> Result<()> {
    let app = App::start(&[]).await?;
    let path = created(&app, "Apollo").await?;
    app.as_alice("PATCH", &path).json(&json!({"color": "#112233"})).send().await?;
    let refused = app.as_alice("DELETE", &path).header("if-match", "\"1\"").send().await?;
    assert_eq!((refused.status_and_code().as_str(), refused.field().as_str()), ("409 CONFLICT", "version"));
    assert_eq!(refused.header("etag"), "\"2\"");
    let malformed = app.as_alice("DELETE", &path).header("if-match", "2").send().await?;
    assert_eq!(malformed.status_and_code(), "400 VALIDATION_ERROR");
    assert_eq!(app.as_alice("DELETE", &path).header("if-match", "\"2\"").send().await?.status, 204);
    Ok(())
}

#[tokio::test]
async fn one_of_concurrent_deletions_takes_effect() -> Result<()> {
    let app = App::start(&[]).await?;
    let path = created(&app, "Apollo").await?;
    let responses = send_concurrently((0..8).map(|_| app.as_alice("DELETE", &path))).await?;
    let mut found: Vec<_> = responses.iter().map(|response| response.status).collect();
    found.sort_unstable();
    assert_eq!(found, [204, 404, 404, 404, 404, 404, 404, 404]);
    assert_eq!(app.rows("ProjectsTable", "").await?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn deletion_wins_over_concurrent_changes() -> Result<()> {
    let app = App::start(&[]).await?;
    for round in 0..5 {
        let path = created(&app, &format!("Apollo {round}")).await?;
        let changes = (0..4).map(|turn| {
            app.as_alice("PATCH", &path).json(&json!({"name": format!("Gemini {round} {turn}")}))
        });
        let responses = send_concurrently(changes.chain([app.as_alice("DELETE", &path)])).await?;
        assert!(responses.iter().all(|response| matches!(response.status, 200 | 204 | 404)), "{responses:?}");
        assert_eq!(app.as_alice("GET", &path).send().await?.status, 404);
        assert_eq!(app.rows("ProjectsTable", "").await?.len(), 0, "no name stays reserved");
    }
    Ok(())
}
