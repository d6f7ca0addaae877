//! JSON bodies: content types, size, nesting and syntax.

use anyhow::Result;
use serde_json::{Value, json};
use testing::{App, RequestBuilder, notes};

const LIMIT: usize = 64 * 1024;

fn post(app: &App) -> RequestBuilder {
    app.as_alice("POST", &notes("acme"))
}

/// Valid body of exactly this many bytes.
fn body_of(bytes: usize) -> String {
    let body = |padding: &str| format!(r#"{{"name": "Apollo", "padding": "{padding}"}}"#);
    body(&"x".repeat(bytes - body("").len()))
}

#[tokio::test]
async fn malformed_json_is_400() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let deep = format!(r#"{{"name": "Apollo", "deep": {}1{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let bodies: [&[u8]; 16] = [
        b"",
        b" \n",
        b"{",
        b"{'name': 'Apollo'}",
        b"{\"name\": \"Apollo\",}",
        b"{\"name\": \"Apollo\"} {}",
        b"name=Apollo",
        b"\xef\xbb\xbf",
        b"\xef\xbb\xbf\xef\xbb\xbf{\"name\": \"Apollo\"}",
        b"{\"name\": \"\xff\"}",
        b"\xff\xfe{\0}\0",
        b"{\"name\": \"\\ud800\"}",
        b"{\"name\": \"Apollo\", \"\\udc00\": 1}",
        b"{\"name\": \"Apollo\", \"unknown\": 1e400}",
        b"{\"name\": \"Apollo\", \"unknown\": [-1e999]}",
        deep.as_bytes(),
    ];
    for body in bodies {
        let response = post(&app).body("application/json", body.to_vec()).send().await?;
        let shown = String::from_utf8_lossy(body).chars().take(40).collect::<String>();
        assert_eq!(response.status_and_code(), "400 INVALID_JSON", "{shown}");
    }
    assert_eq!(app.rows("NotesTable", "").await?, Vec::<Value>::new());
    Ok(())
}

#[tokio::test]
async fn hundred_levels_of_nesting_are_accepted() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let body = format!(r#"{{"name": "Apollo", "deep": {}1{}}}"#, "[".repeat(98), "]".repeat(98));
    assert_eq!(post(&app).body("application/json", body).send().await?.status_and_code(), "201");
    Ok(())
}

#[tokio::test]
async fn bodies_over_64_kib_are_413() -> Result<()> {
    let app = App::specimens(&[]).await?;
    assert_eq!(post(&app).body("application/json", body_of(LIMIT)).send().await?.status_and_code(), "201");
    for body in
        [body_of(LIMIT + 1).into_bytes(), vec![b' '; LIMIT + 1], vec![0xff; LIMIT + 1], vec![b'['; 1_000_000]]
    {
        let response = post(&app).body("application/json", body).send().await?;
        assert_eq!(response.status_and_code(), "413 PAYLOAD_TOO_LARGE");
    }
    Ok(())
}

#[tokio::test]
async fn other_content_types_are_415() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let cases = [
        ("application/json", "201"),
        ("application/json; charset=utf-8", "201"),
        ("Application/JSON ;charset=UTF-8", "201"),
        ("", "415 UNSUPPORTED_MEDIA_TYPE"),
        ("text/plain", "415 UNSUPPORTED_MEDIA_TYPE"),
        ("text/json", "415 UNSUPPORTED_MEDIA_TYPE"),
        ("application/jsonp", "415 UNSUPPORTED_MEDIA_TYPE"),
        ("application/merge-patch+json", "415 UNSUPPORTED_MEDIA_TYPE"),
        ("application/x-www-form-urlencoded", "415 UNSUPPORTED_MEDIA_TYPE"),
        ("text/plain, application/json", "415 UNSUPPORTED_MEDIA_TYPE"),
        ("multipart/form-data; boundary=x", "415 UNSUPPORTED_MEDIA_TYPE"),
    ];
    for (turn, (content_type, expected)) in cases.into_iter().enumerate() {
        let body = json!({"name": format!("Note {turn}")}).to_string();
        let response = post(&app).body(content_type, body).send().await?;
        assert_eq!(response.status_and_code(), expected, "{content_type}");
    }
    Ok(())
}

#[tokio::test]
async fn missing_content_type_is_415() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let response = post(&app).untyped(json!({"name": "Apollo"}).to_string()).send().await?;
    assert_eq!(response.status_and_code(), "415 UNSUPPORTED_MEDIA_TYPE");
    Ok(())
}

#[tokio::test]
async fn last_value_of_a_duplicate_key_wins() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let body = r#"{"name": 1, "name": "First", "name": "Last"}"#;
    assert_eq!(post(&app).body("application/json", body).send().await?.json()["data"]["name"], "Last");
    Ok(())
}

#[tokio::test]
async fn leading_byte_order_mark_is_skipped() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let body = "\u{feff}{\"name\": \"Apollo\"}";
    assert_eq!(post(&app).body("application/json", body).send().await?.json()["data"]["name"], "Apollo");
    Ok(())
}
