//! Repeated requests with one `Idempotency-Key`.

use anyhow::Result;
use serde_json::{Value, json};
use testing::{App, RequestBuilder, Response, notes, send_concurrently};

fn post(app: &App, key: &str, body: &Value) -> RequestBuilder {
    app.as_alice("POST", &notes("acme")).key(key).json(body)
}

async fn count(app: &App) -> Result<usize> {
    Ok(app.rows("NotesTable", "NOTE").await?.len())
}

/// Parts of a response that a replay must repeat.
fn content(response: &Response) -> (u16, Value, String, String) {
    (
        response.status,
        response.json(),
        response.header("location").to_owned(),
        response.header("etag").to_owned(),
    )
}

#[tokio::test]
async fn replay_is_identical_and_changes_nothing() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let body = json!({"name": "Apollo", "text": "To the moon"});
    let first = post(&app, "key", &body).send().await?;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""));
    for _ in 0..2 {
        let again = post(&app, "key", &body).send().await?;
        assert_eq!(content(&again), content(&first));
        assert_eq!(again.header("idempotency-replayed"), "true");
    }
    assert_eq!(count(&app).await?, 1);
    Ok(())
}

#[tokio::test]
async fn equivalent_bodies_are_replayed() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let first = post(&app, "key", &json!({"name": "Apollo", "text": "#112233"})).send().await?;
    for body in [
        r##"{ "text" : "#112233", "name" : "Apollo" }"##,
        r#"{"name": " Apollo ", "text": "\u0023112233", "unknown": 1}"#,
    ] {
        let request = app.as_alice("POST", &notes("acme")).key("key");
        let again = request.body("application/json; charset=utf-8", body).send().await?;
        assert_eq!(content(&again), content(&first), "{body}");
    }
    Ok(())
}

#[tokio::test]
async fn key_reused_for_other_content_is_422() -> Result<()> {
    let app = App::specimens(&[]).await?;
    post(&app, "key", &json!({"name": "Apollo"})).send().await?;
    for body in [json!({"name": "Gemini"}), json!({"name": "apollo"}), json!({"name": "Apollo", "text": ""})]
    {
        assert_eq!(
            post(&app, "key", &body).send().await?.status_and_code(),
            "422 UNPROCESSABLE_ENTITY",
            "{body}"
        );
    }
    assert_eq!(count(&app).await?, 1);
    Ok(())
}

#[tokio::test]
async fn key_is_bound_to_user_and_organization() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let others = [
        ("alice", "acme", "Apollo"),
        ("bob", "acme", "Gemini"),
        ("alice", "umbrella", "Mercury"),
        ("acme", "alice", "Vostok"),
    ];
    for (user, organization, name) in others {
        let request = app.request_of(user, &[organization], "POST", &notes(organization)).key("key");
        let response = request.json(&json!({ "name": name })).send().await?;
        let found = (
            response.status_and_code(),
            response.header("idempotency-replayed"),
            response.json()["data"]["name"].clone(),
        );
        assert_eq!(found, ("201".to_owned(), "", json!(name)), "{user} in {organization}");
    }
    Ok(())
}

#[tokio::test]
async fn concurrent_equal_requests_create_one_note() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let body = json!({"name": "Apollo"});
    let responses = send_concurrently((0..20).map(|_| post(&app, "key", &body))).await?;
    let (made, refused): (Vec<_>, Vec<_>) = responses.iter().partition(|response| response.status == 201);
    assert!(refused.iter().all(|response| response.status_and_code() == "409 CONFLICT"));
    let original = made.iter().filter(|response| response.header("idempotency-replayed").is_empty()).count();
    assert_eq!((original, count(&app).await?), (1, 1));
    assert!(made.iter().all(|response| content(response) == content(made[0])));
    Ok(())
}

#[tokio::test]
async fn failed_request_may_reuse_its_key() -> Result<()> {
    let app = App::specimens(&[]).await?;
    app.create("Apollo").await?;
    for (body, expected) in [
        (json!({"name": ""}), "400 VALIDATION_ERROR"),
        (json!({"name": "Apollo"}), "409 CONFLICT"),
        (json!({"name": "Apollo"}), "409 CONFLICT"),
        (json!({"name": "Gemini"}), "201"),
    ] {
        let response = post(&app, "key", &body).send().await?;
        assert_eq!(
            (response.status_and_code().as_str(), response.header("idempotency-replayed")),
            (expected, "")
        );
    }
    Ok(())
}

#[tokio::test]
async fn expired_key_is_free_despite_its_record() -> Result<()> {
    let app = App::specimens(&[]).await?;
    post(&app, "key", &json!({"name": "Apollo"})).send().await?;
    let mut records = app.rows("NotesTable", "IDEMPOTENCY").await?;
    assert_eq!(records.len(), 1);
    records[0]["expiresAt"] = json!(testing::in_seconds(-1));
    app.put_row("NotesTable", &records[0]).await?;
    let response = post(&app, "key", &json!({"name": "Gemini"})).send().await?;
    assert_eq!((response.status_and_code().as_str(), response.header("idempotency-replayed")), ("201", ""));
    Ok(())
}

#[tokio::test]
async fn key_is_1_to_255_visible_ascii() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let (longest, too_long) = ("k".repeat(255), "k".repeat(256));
    let keys: [(&[u8], &str); 8] = [
        (b"~", "201"),
        (b"\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", "201"),
        (longest.as_bytes(), "201"),
        (b"", "400 INVALID_IDEMPOTENCY_KEY"),
        (too_long.as_bytes(), "400 INVALID_IDEMPOTENCY_KEY"),
        (b"a b", "400 INVALID_IDEMPOTENCY_KEY"),
        ("schlüssel".as_bytes(), "400 INVALID_IDEMPOTENCY_KEY"),
        (b"\xff", "400 INVALID_IDEMPOTENCY_KEY"),
    ];
    for (turn, (key, expected)) in keys.into_iter().enumerate() {
        let request = app.as_alice("POST", &notes("acme")).header("idempotency-key", key);
        let response = request.json(&json!({"name": format!("Note {turn}")})).send().await?;
        assert_eq!(response.status_and_code(), expected, "{}", String::from_utf8_lossy(key));
    }
    Ok(())
}
