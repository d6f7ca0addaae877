//! Events of other gateways, and malformed events.

use anyhow::Result;
use serde_json::{Value, json};
use testing::{App, FORM, changed, form, format_1, notes};

use crate::event;

/// Event of a function URL, in payload format 2.0, with this path.
fn function_url(event: &Value, path: &str) -> Value {
    let mut event = event.clone();
    event["routeKey"] = json!("$default");
    event["rawPath"] = json!(path);
    event["pathParameters"] = Value::Null;
    event["requestContext"]["domainName"] = json!("id.lambda-url.eu-central-1.on.aws");
    event
}

/// Event that creates a note.
fn create(app: &App) -> Value {
    let event = changed(&event(app, "POST", "notes"), "/body", &json!(r#"{"name": "Apollo"}"#));
    changed(&event, "/headers/content-type", &json!("application/json"))
}

/// Event that uploads a file to a new note.
async fn upload(app: &App) -> Result<Value> {
    let mut event =
        changed(&event(app, "POST", "notes/{noteId}/files"), "/headers/content-type", &json!(FORM));
    event["pathParameters"]["noteId"] = app.new_item("acme", "with a file").await?.into();
    Ok(changed(&event, "/body", &String::from_utf8(form("a.gif", "image/gif", b"GIF89a\x01"))?.into()))
}

/// Reserved key of `serde_json`, which may read its text as JSON.
const RAW: &str = "$serde_json::private::RawValue";

#[tokio::test]
async fn client_address_comes_from_the_gateway() -> Result<()> {
    let app = App::specimens(&[("RATE_LIMIT", "1/86400s")]).await?;
    let mut event = format_1(&changed(&create(&app), "/headers", &json!({})));
    for (address, header, expected) in [
        ("192.0.2.1", "192.0.2.1", "401 UNAUTHORIZED"),
        ("192.0.2.1", "192.0.2.2", "429 RATE_LIMITED"),
        ("192.0.2.3", "192.0.2.1", "401 UNAUTHORIZED"),
    ] {
        event["requestContext"]["identity"]["sourceIp"] = json!(address);
        event["multiValueHeaders"]["X-Forwarded-For"] = json!([header]);
        assert_eq!(app.response("CreateNote", &event).await?.status_and_code(), expected, "{address}");
    }
    Ok(())
}

#[tokio::test]
async fn function_url_path_must_match_the_route() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let event = event(&app, "GET", "notes");
    for (path, expected) in [
        ("/v1/orgs/acme/notes", "200"),
        ("/v1/orgs/%61cme/notes", "200"),
        ("/v1/orgs/umbrella/notes", "403 FORBIDDEN"),
        ("/v1/orgs/acme%2Fnotes/notes", "403 FORBIDDEN"),
        ("/v1/orgs/acme/notes/", "404 NOT_FOUND"),
        ("/v1/orgs//notes", "404 NOT_FOUND"),
        ("//evil.example/v1/orgs/acme/notes", "404 NOT_FOUND"),
        ("/v1/orgs/%ff/notes", "404 NOT_FOUND"),
        ("/", "404 NOT_FOUND"),
        ("", "404 NOT_FOUND"),
    ] {
        app.proxy.clear();
        assert_eq!(
            app.response("ListNotes", &function_url(&event, path)).await?.status_and_code(),
            expected,
            "{path}"
        );
        assert_eq!(app.proxy.calls().is_empty(), expected.starts_with("404"), "{path}");
    }
    let mut post = function_url(&event, "/v1/orgs/acme/notes");
    post["requestContext"]["http"]["method"] = json!("POST");
    assert_eq!(app.response("ListNotes", &post).await?.status_and_code(), "404 NOT_FOUND");
    Ok(())
}

#[tokio::test]
async fn location_keeps_the_prefix_of_its_request() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let mut event = create(&app);
    event["headers"]["idempotency-key"] = json!("key");
    for (path, prefix) in [
        ("/v1/orgs/acme/notes", ""),
        ("/prod/v1/orgs/acme/notes", "/prod"),
        ("/a/b c/v1/orgs/acme/notes", "/a/b%20c"),
        ("/a\r\nset-cookie: b/v1/orgs/acme/notes", "/a%0D%0Aset-cookie%3A%20b"),
        ("//evil.example/v1/orgs/acme/notes", ""),
        ("/\\evil.example/v1/orgs/acme/notes", "/%5Cevil.example"),
        ("/elsewhere", ""),
    ] {
        event["rawPath"] = json!(path);
        // The first request creates the note, and the others are replays.
        let response = app.response("CreateNote", &event).await?;
        let id = response.json()["data"]["id"].as_str().unwrap_or_default().to_owned();
        assert_eq!(response.header("location"), format!("{prefix}/v1/orgs/acme/notes/{id}"), "{path:?}");
    }
    event["rawPath"] = json!("/v1/orgs/acme/notes");
    let rest = app.response("CreateNote", &format_1(&event)).await?;
    assert!(rest.header("location").starts_with("/prod/v1/orgs/acme/notes/"), "{rest:?}");
    Ok(())
}

#[tokio::test]
async fn base64_body_is_decoded_or_400() -> Result<()> {
    let app = App::specimens(&[]).await?;
    for (body, expected) in [
        // {"name":"Apollo"}
        ("eyJuYW1lIjoiQXBvbGxvIn0=", "201"),
        ("eyJuYW1lIjoiQXBvbGxvIn0", "400 INVALID_JSON"),
        ("{\"name\":\"Gemini\"}", "400 INVALID_JSON"),
        ("====", "400 INVALID_JSON"),
        ("", "400 INVALID_JSON"),
    ] {
        let mut event = changed(&create(&app), "/body", &json!(body));
        event["isBase64Encoded"] = json!(true);
        event["headers"]["content-length"] = Value::Null;
        assert_eq!(app.response("CreateNote", &event).await?.status_and_code(), expected, "{body}");
    }
    let garbage = changed(&upload(&app).await?, "/body", &json!("no base64!"));
    assert_eq!(app.response("UploadFile", &garbage).await?.status_and_code(), "400 INVALID_MULTIPART");
    Ok(())
}

#[tokio::test]
async fn excessive_content_length_is_413_before_decoding() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let (create, upload) = (create(&app), upload(&app).await?);
    for (function, event, length) in [
        ("CreateNote", create, "65537"),
        ("UploadFile", upload.clone(), "5000000"),
        ("UploadFile", upload, "99999999999999999"),
    ] {
        let event = changed(&event, "/headers/content-length", &json!(length));
        assert_eq!(
            app.response(function, &event).await?.status_and_code(),
            "413 PAYLOAD_TOO_LARGE",
            "{function}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn reserved_serde_key_is_plain_data() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let path = format!("{}?{RAW}=x", notes("acme"));
    assert_eq!(app.client.get(&path).send().await?.status_and_code(), "401 UNAUTHORIZED");
    assert_eq!(app.as_alice("GET", &path).send().await?.status_and_code(), "200");
    for body in [json!({"name": {RAW: "\"x\""}}), json!({RAW: "{\"name\":\"x\"}"})] {
        let response = app.as_alice("POST", &notes("acme")).json(&body).send().await?;
        assert_eq!(response.status_and_code(), "400 VALIDATION_ERROR", "{body}");
    }
    let body = json!({"name": "x", "unknown": {RAW: "no JSON"}});
    let response = app.as_alice("POST", &notes("acme")).json(&body).send().await?;
    assert_eq!(response.status_and_code(), "201", "unknown fields are dropped");
    Ok(())
}

#[tokio::test]
async fn file_sent_as_text_is_refused() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let mut event = upload(&app).await?;
    event["isBase64Encoded"] = json!(false);
    for (content, expected) in [("GIF89a\u{1}\u{fffd}", "400 INVALID_MULTIPART"), ("GIF89a\u{1}", "201")] {
        event["body"] = String::from_utf8(form("a.gif", "image/gif", content.as_bytes()))?.into();
        assert_eq!(app.response("UploadFile", &event).await?.status_and_code(), expected);
    }
    assert_eq!(app.objects().await?.len(), 1);
    Ok(())
}
