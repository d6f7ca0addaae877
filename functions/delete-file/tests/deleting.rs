//! Deletions of files.

use anyhow::Result;
use testing::{App, PNG, files, send_concurrently};

#[tokio::test]
async fn deleted_file_is_gone() -> Result<()> {
    let app = App::start(&[]).await?;
    let project = app.new_item("acme", "Apollo").await?;
    let file = app.upload(&project, "a.png", "image/png", PNG).await?.header("location").to_owned();
    let kept = app.upload(&project, "b.png", "image/png", PNG).await?.json()["data"].clone();
    let responses = send_concurrently((0..4).map(|_| app.as_alice("DELETE", &file))).await?;
    let mut found: Vec<_> = responses.iter().map(|response| response.status).collect();
    found.sort_unstable();
    assert_eq!(found, [204, 404, 404, 404]);
    for path in [file.clone(), format!("{file}/content")] {
        assert_eq!(app.as_alice("GET", &path).send().await?.status_and_code(), "404 NOT_FOUND");
    }
    let list = app.as_alice("GET", &files("acme", &project)).send().await?;
    assert_eq!(list.json()["data"]["files"], serde_json::json!([kept]));
    Ok(())
}
