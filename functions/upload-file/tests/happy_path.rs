//! Stored files: response, row and object.

use anyhow::Result;
use serde_json::json;
use testing::{App, PNG, object_key};

#[tokio::test]
async fn response_has_file_and_location() -> Result<()> {
    let app = App::start(&[]).await?;
    let project = app.new_item("acme", "Apollo").await?;
    let response = app.upload(&project, "a file.bin", "image/png", PNG).await?;
    let file = response.json()["data"].clone();
    let (id, time) = (file["id"].as_str().unwrap_or_default(), file["createdAt"].clone());
    let expected = json!({
        "id": id, "orgId": "acme", "projectId": project, "name": "a file.bin", "contentType": "image/png",
        "size": PNG.len(), "sha256": "71fde3856a298a052c6edb5155638d8422114e55bf0e28374d90dea8be99ef6c",
        "createdBy": "alice", "createdAt": time,
    });
    assert_eq!((response.status_and_code().as_str(), &file), ("201", &expected));
    assert_eq!(response.header("location"), format!("/v1/orgs/acme/projects/{project}/files/{id}"));
    assert!(!response.headers.contains_key("etag"));
    Ok(())
}

#[tokio::test]
async fn object_has_the_files_id() -> Result<()> {
    let app = App::start(&[]).await?;
    let project = app.new_item("acme", "Apollo").await?;
    let file = app.upload(&project, "a.png", "image/png", PNG).await?.json()["data"].clone();
    let rows = app.rows("ProjectsTable", "FILE").await?;
    assert_eq!(rows.len(), 1);
    for name in ["id", "projectId", "name", "contentType", "size", "sha256", "createdBy", "createdAt"] {
        assert_eq!(rows[0][name], file[name], "{name}");
    }
    let key = object_key("acme", &file);
    assert_eq!(app.object(&key).await?.bytes, PNG);
    Ok(())
}

#[tokio::test]
async fn uploads_without_key_store_separate_files() -> Result<()> {
    let app = App::start(&[]).await?;
    let project = app.new_item("acme", "Apollo").await?;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(app.upload(&project, "a.png", "image/png", PNG).await?.json()["data"]["id"].clone());
    }
    assert!(ids.is_sorted_by(|one, next| one.as_str() < next.as_str()));
    assert_eq!((app.rows("ProjectsTable", "FILE").await?.len(), app.objects().await?.len()), (3, 3));
    Ok(())
}

#[tokio::test]
async fn upload_to_unknown_project_is_404() -> Result<()> {
    let app = App::start(&[]).await?;
    let own = app.new_item("acme", "Apollo").await?;
    let foreign = app.new_item("umbrella", "Apollo").await?;
    let spelled = [own.to_uppercase(), own.replace('-', "")];
    for project in [&foreign, "01900000-0000-7000-8000-000000000000", "1", &spelled[0], &spelled[1]] {
        let response = app.upload(project, "a.png", "image/png", PNG).await?;
        assert_eq!(response.status_and_code(), "404 NOT_FOUND", "{project}");
    }
    assert_eq!(app.objects().await?, Vec::<String>::new());
    Ok(())
}
