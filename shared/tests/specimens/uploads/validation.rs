//! Uploads refused by content type, size and settings. The corpus covers their parts.

use anyhow::Result;
use testing::{App, FORM, PNG, RequestBuilder, form};

use super::files;

fn post(app: &App, note: &str) -> RequestBuilder {
    app.as_alice("POST", &files("acme", note))
}

#[tokio::test]
async fn only_forms_are_accepted() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    for content_type in [
        "image/png",
        "application/json",
        "multipart/mixed; boundary=boundary",
        "application/x-www-form-urlencoded",
        "",
    ] {
        let response = post(&app, &note).body(content_type, form("a.png", "image/png", PNG)).send().await?;
        assert_eq!(response.status_and_code(), "415 UNSUPPORTED_MEDIA_TYPE", "{content_type}");
    }
    let response = post(&app, &note).untyped(form("a.png", "image/png", PNG)).send().await?;
    assert_eq!(response.status_and_code(), "415 UNSUPPORTED_MEDIA_TYPE");
    let quoted = "Multipart/Form-Data; charset=utf-8; boundary=\"boundary\"";
    assert_eq!(
        post(&app, &note).body(quoted, form("a.png", "image/png", PNG)).send().await?.status_and_code(),
        "201"
    );
    Ok(())
}

#[tokio::test]
async fn allowed_types_are_configurable() -> Result<()> {
    let app = App::specimens(&[("UPLOAD_ALLOWED_TYPES", "image/gif, image/png")]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    assert_eq!(app.upload(&note, "a", "image/png", PNG).await?.status_and_code(), "201");
    assert_eq!(
        app.upload(&note, "a", "text/plain", b"hello").await?.status_and_code(),
        "415 UNSUPPORTED_MEDIA_TYPE"
    );
    Ok(())
}

#[tokio::test]
async fn size_limit_is_exact_to_the_byte() -> Result<()> {
    let app = App::specimens(&[("UPLOAD_MAX_BYTES", "1000")]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    for (bytes, expected) in
        [(1000, "201"), (1001, "413 PAYLOAD_TOO_LARGE"), (1_000_000, "413 PAYLOAD_TOO_LARGE")]
    {
        let response = app.upload(&note, "a.txt", "text/plain", &vec![b'a'; bytes]).await?;
        assert_eq!(response.status_and_code(), expected, "{bytes}");
    }
    // Bodies of this size are refused unread.
    let response = post(&app, &note).body(FORM, vec![b'x'; 1_000_000]).send().await?;
    assert_eq!(response.status_and_code(), "413 PAYLOAD_TOO_LARGE");
    Ok(())
}

#[tokio::test]
async fn default_size_limit_is_4_mib() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    let mut file = PNG.to_vec();
    for (bytes, expected) in [(4 * 1024 * 1024, "201"), (4 * 1024 * 1024 + 1, "413 PAYLOAD_TOO_LARGE")] {
        file.resize(bytes, 0);
        assert_eq!(app.upload(&note, "a.png", "image/png", &file).await?.status_and_code(), expected);
    }
    let object = app.objects().await?.remove(0);
    assert_eq!(app.object(&object).await?.bytes.len(), 4 * 1024 * 1024);
    Ok(())
}
