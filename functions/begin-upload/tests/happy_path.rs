//! Permissions for direct uploads: their content, and the uploads that they permit.

use anyhow::Result;
use serde_json::{Value, json};
use testing::{App, PNG, description, object_key, put, uploads};

async fn begun(app: &App) -> Result<(String, Value)> {
    let project = app.new_item("acme", "Apollo").await?;
    let upload = app.begin(&project, "../a b.png", "image/png", PNG).await?;
    assert_eq!(upload.status_and_code(), "201");
    assert!(!upload.headers.contains_key("location"));
    Ok((project, upload.json()["data"].clone()))
}

#[tokio::test]
async fn response_describes_the_request_with_the_bytes() -> Result<()> {
    let app = App::start(&[]).await?;
    let (_, upload) = begun(&app).await?;
    assert_eq!(upload["method"], "PUT");
    let sha256 = "cf3jhWopigUsbttRVWONhCIRTlW/Dig3TZDeqL6Z72w=";
    let headers = upload["headers"].as_object().into_iter().flatten();
    let headers: Vec<_> =
        headers.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default())).collect();
    assert_eq!(
        headers,
        [
            ("content-type", "image/png"),
            ("if-none-match", "*"),
            ("x-amz-checksum-sha256", sha256),
            ("x-amz-tagging", "state=unrecorded"),
        ]
    );
    let put = put(&upload, PNG).send().await?;
    assert_eq!(put.status, 200, "{put:?}");
    let key = object_key("acme", &upload);
    assert_eq!(app.object(&key).await?.bytes, PNG);
    assert_eq!(app.tags(&key).await?, ["state=unrecorded"]);
    Ok(())
}

#[tokio::test]
async fn url_permits_only_the_described_bytes() -> Result<()> {
    let app = App::start(&[]).await?;
    let (_, upload) = begun(&app).await?;
    let mut same_size = PNG.to_vec();
    same_size[8] ^= 1;
    let with = |name: &str, value: &str| put(&upload, PNG).without(name).header(name, value);
    for (title, request) in [
        ("other bytes", put(&upload, same_size)),
        ("fewer bytes", put(&upload, &PNG[1..])),
        ("more bytes", put(&upload, [PNG, b"x"].concat())),
        ("another type", with("content-type", "text/html")),
        ("another tag", with("x-amz-tagging", "state=kept")),
        ("no tag", put(&upload, PNG).without("x-amz-tagging")),
        ("overwriting", put(&upload, PNG).without("if-none-match")),
        ("no checksum", put(&upload, PNG).without("x-amz-checksum-sha256")),
    ] {
        let refused = request.send().await?;
        assert!(matches!(refused.status, 400 | 403), "{title}: {refused:?}");
        assert_eq!(app.objects().await?, Vec::<String>::new(), "{title}");
    }
    assert_eq!(put(&upload, PNG).send().await?.status, 200);
    assert_eq!(put(&upload, PNG).send().await?.status, 412, "the object exists");
    Ok(())
}

#[tokio::test]
async fn broken_rules_are_named_together() -> Result<()> {
    let app = App::start(&[("UPLOAD_DIRECT_MAX_BYTES", "1000")]).await?;
    let project = app.new_item("acme", "Apollo").await?;
    let changed = |field: &str, value: Value| {
        let mut body = description("a.png", "image/png", PNG);
        body[field] = value;
        body
    };
    let upper = description("a.png", "image/png", PNG)["sha256"].as_str().unwrap_or_default().to_uppercase();
    for (body, expected, issues) in [
        (changed("sha256", json!(upper)), "201", vec![]),
        (changed("contentType", json!("image/JPG; q=1")), "201", vec![]),
        (changed("size", json!(1000)), "201", vec![]),
        (changed("name", json!("")), "201", vec![]),
        (changed("size", json!(1001)), "413 PAYLOAD_TOO_LARGE", vec![]),
        (changed("contentType", json!("text/html")), "415 UNSUPPORTED_MEDIA_TYPE", vec![]),
        (changed("contentType", json!("")), "415 UNSUPPORTED_MEDIA_TYPE", vec![]),
        (changed("size", json!(0)), "400 VALIDATION_ERROR", vec!["size too_small"]),
        (changed("size", json!("1")), "400 VALIDATION_ERROR", vec!["size invalid_type"]),
        (changed("sha256", json!("00")), "400 VALIDATION_ERROR", vec!["sha256 invalid_format"]),
        (changed("sha256", json!("é".repeat(32))), "400 VALIDATION_ERROR", vec!["sha256 invalid_format"]),
        (
            json!({}),
            "400 VALIDATION_ERROR",
            vec!["name invalid_type", "contentType invalid_type", "size invalid_type", "sha256 invalid_type"],
        ),
    ] {
        let response = app.as_alice("POST", &uploads("acme", &project)).json(&body).send().await?;
        assert_eq!(response.status_and_code(), expected, "{body}");
        let found: Vec<_> = response.issues().iter().map(|(path, code)| format!("{path} {code}")).collect();
        assert_eq!(found, issues, "{body}");
    }
    Ok(())
}

#[tokio::test]
async fn repeated_request_gets_the_same_upload() -> Result<()> {
    let app = App::start(&[]).await?;
    let project = app.new_item("acme", "Apollo").await?;
    let request = app.as_alice("POST", &uploads("acme", &project)).key("key");
    let body = description("a.png", "image/png", PNG);
    let first = request.clone().json(&body).send().await?;
    let again = request.clone().json(&body).send().await?;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert_eq!(again.json(), first.json());
    let mut other_size = body.clone();
    other_size["size"] = json!(PNG.len() + 1);
    for other in [description("b.png", "image/png", PNG), other_size] {
        let other = request.clone().json(&other).send().await?;
        assert_eq!(other.status_and_code(), "422 UNPROCESSABLE_ENTITY");
    }
    assert_eq!(app.rows("ProjectsTable", "UPLOAD").await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn foreign_or_unknown_project_is_404() -> Result<()> {
    let app = App::start(&[]).await?;
    let foreign = app.new_item("umbrella", "Apollo").await?;
    for project in [&*foreign, "01900000-0000-7000-8000-000000000000", "7"] {
        let refused = app.begin(project, "a.png", "image/png", PNG).await?;
        assert_eq!(refused.status_and_code(), "404 NOT_FOUND", "{project}");
    }
    assert!(app.rows("ProjectsTable", "UPLOAD").await?.is_empty());
    Ok(())
}
