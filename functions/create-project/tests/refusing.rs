//! Bodies that make no project, and what their senders learn from the answer.

use anyhow::Result;
use serde_json::{Value, json};
use testing::{App, Draft, projects};

const LIMIT: usize = 64 * 1024;

fn post(app: &App) -> Draft {
    app.as_alice("POST", &projects("acme"))
}

/// A valid body of exactly this many bytes.
fn body_of(bytes: usize) -> String {
    let body = |padding: &str| format!(r#"{{"name": "Apollo", "padding": "{padding}"}}"#);
    body(&"x".repeat(bytes - body("").len()))
}

#[tokio::test]
async fn what_is_not_json_is_invalid_json() -> Result<()> {
    let app = App::start(&[]).await?;
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
        let answer = post(&app).body("application/json", body.to_vec()).send().await?;
        let shown = String::from_utf8_lossy(body).chars().take(40).collect::<String>();
        assert_eq!(answer.verdict(), "400 INVALID_JSON", "{shown}");
    }
    assert_eq!(app.rows("ProjectsTable", "").await?, Vec::<Value>::new());
    Ok(())
}

#[tokio::test]
async fn a_hundred_levels_of_nesting_are_no_reason_to_refuse() -> Result<()> {
    let app = App::start(&[]).await?;
    let body = format!(r#"{{"name": "Apollo", "deep": {}1{}}}"#, "[".repeat(98), "]".repeat(98));
    assert_eq!(post(&app).body("application/json", body).send().await?.verdict(), "201");
    Ok(())
}

#[tokio::test]
async fn every_broken_rule_is_named_at_once_in_the_order_of_the_fields() -> Result<()> {
    let app = App::start(&[]).await?;
    let (long_name, long_text) = ("é".repeat(101), "é".repeat(501));
    let cases = [
        (json!({}), "name invalid_type"),
        (json!({"name": null}), "name invalid_type"),
        (json!({"name": ""}), "name too_small"),
        (json!({"name": " \t\u{a0}"}), "name too_small"),
        (json!({"name": "\u{200b} \u{ad}\u{3164}"}), "name too_small"),
        (json!({"name": long_name}), "name too_big"),
        (json!({"name": "Apollo", "description": long_text}), "description too_big"),
        (
            json!({"name": "Apollo", "description": null, "color": null}),
            "description invalid_type, color invalid_type",
        ),
        (json!({"name": "Apollo", "color": "#12345g"}), "color invalid_format"),
        (json!({"name": "Apollo", "color": "#123"}), "color invalid_format"),
        (json!({"name": "Apollo", "color": "112233"}), "color invalid_format"),
        (json!({"name": "Apollo", "color": ""}), "color invalid_format"),
        (json!({"name": ["Apollo"]}), "name invalid_type"),
        (
            json!({"color": true, "description": 2, "name": 1}),
            "name invalid_type, description invalid_type, color invalid_type",
        ),
        (
            json!({"color": "red", "description": long_text, "name": ""}),
            "name too_small, description too_big, color invalid_format",
        ),
        (
            json!({"color": "red", "description": 2}),
            "name invalid_type, description invalid_type, color invalid_format",
        ),
        (json!([]), " invalid_type"),
        (json!("Apollo"), " invalid_type"),
        (json!(null), " invalid_type"),
    ];
    for (body, expected) in cases {
        let answer = post(&app).json(&body).send().await?;
        let issues: Vec<_> = answer.issues().iter().map(|(path, code)| format!("{path} {code}")).collect();
        assert_eq!(
            (answer.verdict().as_str(), issues.join(", ").as_str()),
            ("400 VALIDATION_ERROR", expected),
            "{body}"
        );
    }
    assert_eq!(app.rows("ProjectsTable", "").await?, Vec::<Value>::new());
    Ok(())
}

#[tokio::test]
async fn the_message_for_an_empty_name_can_be_shown_to_a_user() -> Result<()> {
    let app = App::start(&[]).await?;
    let answer = app.create("").await?;
    let issue = json!({"path": ["name"], "code": "too_small", "message": "Name is required"});
    assert_eq!(answer.json()["error"]["issues"], json!([issue]));
    Ok(())
}

#[tokio::test]
async fn a_body_of_64_kib_passes_and_one_byte_more_is_too_large() -> Result<()> {
    let app = App::start(&[]).await?;
    assert_eq!(post(&app).body("application/json", body_of(LIMIT)).send().await?.verdict(), "201");
    for body in
        [body_of(LIMIT + 1).into_bytes(), vec![b' '; LIMIT + 1], vec![0xff; LIMIT + 1], vec![b'['; 1_000_000]]
    {
        let answer = post(&app).body("application/json", body).send().await?;
        assert_eq!(answer.verdict(), "413 PAYLOAD_TOO_LARGE");
    }
    Ok(())
}

#[tokio::test]
async fn only_json_is_taken_and_it_must_say_so() -> Result<()> {
    let app = App::start(&[]).await?;
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
        let body = json!({"name": format!("Project {turn}")}).to_string();
        let answer = post(&app).body(content_type, body).send().await?;
        assert_eq!(answer.verdict(), expected, "{content_type}");
    }
    Ok(())
}

#[tokio::test]
async fn a_body_without_a_content_type_is_not_guessed_at() -> Result<()> {
    let app = App::start(&[]).await?;
    let answer = post(&app).untyped(json!({"name": "Apollo"}).to_string()).send().await?;
    assert_eq!(answer.verdict(), "415 UNSUPPORTED_MEDIA_TYPE");
    Ok(())
}
