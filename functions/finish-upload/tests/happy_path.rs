//! Uploads that become files.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use testing::{App, CallMatcher, Moment, PNG, files, object_key, put, send_concurrently, uploads};

/// Begins an upload of a PNG image to a new project of `acme`. Returns the project and the upload.
async fn begun(app: &App) -> Result<(String, Value)> {
    let project = app.new_item("acme", "Apollo").await?;
    let upload = app.begin(&project, "a.png", "image/png", PNG).await?.json()["data"].clone();
    Ok((project, upload))
}

#[tokio::test]
async fn upload_becomes_a_file() -> Result<()> {
    let app = App::start(&[]).await?;
    let (project, upload) = begun(&app).await?;
    put(&upload, PNG).send().await?;
    let finished = app.finish(&project, &upload).await?;
    let file = finished.json()["data"].clone();
    let expected = json!({
        "id": upload["id"], "orgId": "acme", "projectId": project, "name": "a.png", "contentType": "image/png",
        "size": PNG.len(), "sha256": "71fde3856a298a052c6edb5155638d8422114e55bf0e28374d90dea8be99ef6c",
        "createdBy": "alice", "createdAt": file["createdAt"],
    });
    assert_eq!((finished.status_and_code().as_str(), &file), ("201", &expected));
    let location = format!("{}/{}", files("acme", &project), file["id"].as_str().unwrap_or_default());
    assert_eq!(finished.header("location"), location);
    let read = app.as_alice("GET", &location).send().await?;
    assert_eq!((read.status, &read.json()["data"]["sha256"]), (200, &file["sha256"]));
    let key = object_key("acme", &file);
    assert_eq!(app.tags(&key).await?, Vec::<String>::new(), "the bucket keeps it");
    Ok(())
}

#[tokio::test]
async fn finishing_again_returns_the_same_file() -> Result<()> {
    let app = App::start(&[]).await?;
    let (project, upload) = begun(&app).await?;
    put(&upload, PNG).send().await?;
    let path = format!("{}/{}", uploads("acme", &project), upload["id"].as_str().unwrap_or_default());
    // Any member may finish it.
    let requests =
        ["alice", "bob", "carol", "dave"].map(|user| app.request_of(user, &["acme"], "POST", &path));
    let responses = send_concurrently(requests).await?;
    let first = responses[0].json();
    for response in &responses {
        assert_eq!((response.status, response.json()), (201, first.clone()), "{response:?}");
    }
    assert_eq!(app.rows("ProjectsTable", "FILE").await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn missing_bytes_are_409() -> Result<()> {
    let app = App::start(&[]).await?;
    let (project, upload) = begun(&app).await?;
    let early = app.finish(&project, &upload).await?;
    assert_eq!((early.status_and_code().as_str(), early.field().as_str()), ("409 CONFLICT", "uploadId"));
    put(&upload, PNG).send().await?;
    assert_eq!(app.finish(&project, &upload).await?.status, 201);
    Ok(())
}

#[tokio::test]
async fn bytes_of_another_type_are_deleted() -> Result<()> {
    let app = App::start(&[]).await?;
    let project = app.new_item("acme", "Apollo").await?;
    for (content_type, bytes) in [
        ("image/png", b"<html>".to_vec()),
        ("text/plain", b"<script>alert(1)</script>".to_vec()),
        ("text/csv", PNG.to_vec()),
        ("application/pdf", vec![0; 70_000]),
    ] {
        let upload = app.begin(&project, "a", content_type, &bytes).await?.json()["data"].clone();
        // Putting the bytes again changes nothing.
        for _ in 0..2 {
            put(&upload, bytes.clone()).send().await?;
            let refused = app.finish(&project, &upload).await?;
            assert_eq!(refused.status_and_code(), "422 UNPROCESSABLE_ENTITY", "{content_type}");
            assert_eq!(app.objects().await?, Vec::<String>::new(), "{content_type}");
        }
    }
    assert_eq!(app.rows("ProjectsTable", "FILE").await?, Vec::<Value>::new());
    Ok(())
}

#[tokio::test]
async fn first_64_kib_decide_about_the_type() -> Result<()> {
    let app = App::start(&[]).await?;
    let project = app.new_item("acme", "Apollo").await?;
    // A character may be cut at the end of what is looked at: here half a surrogate pair of a rocket.
    let rocket = b"\x3d\xd8\x80\xde";
    let utf16 = [&b"\xff\xfe"[..], &b"a\0".repeat(32 * 1024 - 2), rocket, b"a\0"].concat();
    let long = [b"a".repeat(64 * 1024 - 1), "\u{e9}".repeat(10).into_bytes()].concat();
    for bytes in [utf16, long, b"a".to_vec()] {
        let finished = app.upload_directly(&project, "a.txt", "text/plain", &bytes).await?;
        assert_eq!(finished.status_and_code(), "201");
    }
    Ok(())
}

#[tokio::test]
async fn deleted_file_can_not_be_finished_again() -> Result<()> {
    let app = App::start(&[]).await?;
    let (project, upload) = begun(&app).await?;
    put(&upload, PNG).send().await?;
    let file = app.finish(&project, &upload).await?.header("location").to_owned();
    assert_eq!(app.as_alice("DELETE", &file).send().await?.status, 204);
    assert_eq!(app.finish(&project, &upload).await?.status_and_code(), "404 NOT_FOUND");
    assert_eq!(app.rows("ProjectsTable", "FILE").await?, Vec::<Value>::new());
    Ok(())
}

#[tokio::test]
async fn unknown_foreign_or_expired_upload_is_404() -> Result<()> {
    let app = App::start(&[]).await?;
    let (project, upload) = begun(&app).await?;
    put(&upload, PNG).send().await?;
    let other = app.new_item("acme", "Gemini").await?;
    let foreign = app.new_item("umbrella", "Apollo").await?;
    let file = app.upload(&project, "a.png", "image/png", PNG).await?.json()["data"].clone();
    for (project, upload) in [
        (&other, &upload),
        (&foreign, &upload),
        (&project, &json!({"id": "01900000-0000-7000-8000-000000000000"})),
        (&project, &json!({"id": "1"})),
        (&project, &json!({ "id": project })),
        (&project, &file),
    ] {
        let refused = app.finish(project, upload).await?;
        assert_eq!(refused.status_and_code(), "404 NOT_FOUND", "{upload}");
    }
    let mut row = app.rows("ProjectsTable", "UPLOAD").await?.remove(0);
    row["expiresAt"] = json!(1);
    app.put_row("ProjectsTable", &row).await?;
    assert_eq!(app.finish(&project, &upload).await?.status_and_code(), "404 NOT_FOUND");
    Ok(())
}

#[tokio::test]
async fn bytes_put_again_after_deletion_do_not_stay() -> Result<()> {
    let app = App::start(&[]).await?;
    let (project, upload) = begun(&app).await?;
    put(&upload, PNG).send().await?;
    let file = app.finish(&project, &upload).await?.header("location").to_owned();
    let path = format!("{}/{}", uploads("acme", &project), upload["id"].as_str().unwrap_or_default());
    let mut breakpoint = app.proxy.hold(CallMatcher::of("DELETE?tagging"), Moment::Before);
    let again = tokio::spawn(app.as_alice("POST", &path).send());
    breakpoint.reached().await?;
    assert_eq!(app.as_alice("DELETE", &file).send().await?.status, 204);
    app.stack.settle_streams().await?;
    assert_eq!(put(&upload, PNG).send().await?.status, 200, "the URL is still valid");
    breakpoint.release();
    assert_eq!(again.await.context("the request was interrupted")??.status_and_code(), "404 NOT_FOUND");
    assert_eq!(app.objects().await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn concurrent_finish_finds_the_file() -> Result<()> {
    let app = App::start(&[]).await?;
    let (project, upload) = begun(&app).await?;
    put(&upload, PNG).send().await?;
    let path = format!("{}/{}", uploads("acme", &project), upload["id"].as_str().unwrap_or_default());
    // It reads the file before and the upload after the other request has written both.
    let reads = CallMatcher::of("GetItem").with("#UPLOAD#").number(1);
    let mut breakpoint = app.proxy.hold(reads, Moment::Before);
    let slow = tokio::spawn(app.as_alice("POST", &path).send());
    breakpoint.reached().await?;
    assert_eq!(app.finish(&project, &upload).await?.status, 201);
    breakpoint.release();
    assert_eq!(slow.await.context("the request was interrupted")??.status_and_code(), "201");
    Ok(())
}

#[tokio::test]
async fn encoded_bytes_become_no_file() -> Result<()> {
    let app = App::start(&[]).await?;
    let (project, upload) = begun(&app).await?;
    // S3 requires no signature of this header.
    assert_eq!(put(&upload, PNG).header("content-encoding", "gzip").send().await?.status, 200);
    assert_eq!(app.finish(&project, &upload).await?.status_and_code(), "422 UNPROCESSABLE_ENTITY");
    assert_eq!(app.objects().await?, Vec::<String>::new());
    Ok(())
}
