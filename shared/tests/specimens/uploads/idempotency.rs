//! Repeated uploads with one `Idempotency-Key`, and uploads while storage is unavailable.

use anyhow::Result;
use serde_json::json;
use testing::{App, FORM, PNG, RequestBuilder, form, notes, object_key, send_concurrently};

use super::files;

fn post(app: &App, note: &str, file_name: &str, bytes: &[u8]) -> RequestBuilder {
    let body = form(file_name, "image/png", bytes);
    app.as_alice("POST", &files("acme", note)).key("key").body(FORM, body)
}

/// Counts files and objects.
async fn stored(app: &App) -> Result<(usize, usize)> {
    Ok((app.rows("NotesTable", "FILE").await?.len(), app.objects().await?.len()))
}

#[tokio::test]
async fn replay_is_identical_and_stores_nothing() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    let first = post(&app, &note, "a.png", PNG).send().await?;
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, ""));
    let other_transport =
        String::from_utf8_lossy(&form("a.png", "IMAGE/png", b"@")).replace("boundary", "another");
    let (head, tail) = other_transport.split_once('@').unwrap_or_default();
    let other_transport = [b"a preamble\r\n", head.as_bytes(), PNG, tail.as_bytes()].concat();
    let again = [
        post(&app, &note, "a.png", PNG),
        app.as_alice("POST", &files("acme", &note))
            .key("key")
            .body("multipart/form-data; boundary=another", other_transport),
    ];
    for request in again {
        let again = request.send().await?;
        assert_eq!(
            (again.status, again.json(), again.header("location")),
            (201, first.json(), first.header("location"))
        );
        assert_eq!(again.header("idempotency-replayed"), "true");
    }
    assert_eq!(stored(&app).await?, (1, 1));
    Ok(())
}

#[tokio::test]
async fn key_is_bound_to_the_confirmed_type() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    let mut statuses = Vec::new();
    for declared in ["application/vnd.ms-excel", "text/csv", "application/octet-stream", "text/plain"] {
        let request = app.as_alice("POST", &files("acme", &note)).key("key");
        let response = request.body(FORM, form("table.csv", declared, b"a,b\n")).send().await?;
        statuses.push((response.status_and_code(), response.header("idempotency-replayed").to_owned()));
    }
    let expected = [("201", ""), ("201", "true"), ("201", "true"), ("422 UNPROCESSABLE_ENTITY", "")];
    assert_eq!(
        statuses,
        expected.map(|(status_and_code, replayed)| (status_and_code.to_owned(), replayed.to_owned()))
    );
    Ok(())
}

#[tokio::test]
async fn truncated_name_is_replayed_unchanged() -> Result<()> {
    for name in ["a".repeat(254) + "." + &"b".repeat(30), "a".repeat(250) + " .  . " + &"b".repeat(30)] {
        let app = App::specimens(&[]).await?;
        let note = app.new_item("acme", "Apollo").await?;
        let first = post(&app, &note, &name, PNG).send().await?;
        let again = post(&app, &note, &name, PNG).send().await?;
        assert_eq!((first.status_and_code().as_str(), again.header("idempotency-replayed")), ("201", "true"));
        assert_eq!(first.json(), again.json());
    }
    Ok(())
}

#[tokio::test]
async fn key_reused_for_other_upload_is_422() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let (note, other) = (app.new_item("acme", "Apollo").await?, app.new_item("acme", "Gemini").await?);
    post(&app, &note, "a.png", PNG).send().await?;
    for request in [
        post(&app, &other, "a.png", PNG),
        post(&app, &note, "b.png", PNG),
        post(&app, &note, "a.png", &[PNG, b"more"].concat()),
    ] {
        assert_eq!(request.send().await?.status_and_code(), "422 UNPROCESSABLE_ENTITY");
    }
    assert_eq!(stored(&app).await?, (1, 1));
    Ok(())
}

#[tokio::test]
async fn key_is_bound_to_user_and_route() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let request = app.as_alice("POST", &notes("acme")).key("key").json(&json!({"name": "Apollo"}));
    let note = request.send().await?.json()["data"]["id"].as_str().unwrap_or_default().to_owned();
    for user in ["alice", "bob"] {
        let request = app.request_of(user, &["acme"], "POST", &files("acme", &note)).key("key");
        let response = request.body(FORM, form("a.png", "image/png", PNG)).send().await?;
        assert_eq!((response.status, response.header("idempotency-replayed")), (201, ""), "{user}");
    }
    assert_eq!(stored(&app).await?, (2, 2));
    Ok(())
}

#[tokio::test]
async fn concurrent_equal_uploads_store_one_file() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    let responses = send_concurrently((0..20).map(|_| post(&app, &note, "a.png", PNG))).await?;
    let (made, refused): (Vec<_>, Vec<_>) = responses.iter().partition(|response| response.status == 201);
    assert!(refused.iter().all(|response| response.status_and_code() == "409 CONFLICT"));
    assert!(made.iter().all(|response| response.json() == made[0].json()));
    assert_eq!(made.iter().filter(|response| response.header("idempotency-replayed").is_empty()).count(), 1);
    // Each request put an object of its own. Only that of the file is no longer pending.
    let kept = app.tagged_objects("acme").await?.into_iter().filter(|(_, tags)| tags.is_empty());
    let kept: Vec<_> = kept.map(|(key, _)| key).collect();
    assert_eq!((kept, stored(&app).await?.0), (vec![object_key("acme", &made[0].json()["data"])], 1));
    Ok(())
}

#[tokio::test]
async fn upload_with_expired_key_is_a_new_file() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    let first = post(&app, &note, "a.png", PNG).send().await?;
    let mut records = app.rows("NotesTable", "IDEMPOTENCY").await?;
    assert_eq!(records.len(), 1);
    records[0]["expiresAt"] = json!(testing::in_seconds(-1));
    app.put_row("NotesTable", &records[0]).await?;
    let next = post(&app, &note, "a.png", PNG).send().await?;
    assert_eq!((next.status_and_code().as_str(), next.header("idempotency-replayed")), ("201", ""));
    assert_ne!(first.json()["data"]["id"], next.json()["data"]["id"]);
    // Each file has an object of its own, so that one can be deleted without the other.
    assert_eq!(stored(&app).await?, (2, 2));
    for row in app.rows("NotesTable", "FILE").await? {
        assert_eq!(app.tags(&object_key("acme", &row)).await?, Vec::<String>::new());
    }
    Ok(())
}

#[tokio::test]
async fn refused_upload_may_reuse_its_key() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    for (note, bytes, expected) in [
        (note.as_str(), &b"no image"[..], "422 UNPROCESSABLE_ENTITY"),
        ("01900000-0000-7000-8000-000000000000", PNG, "404 NOT_FOUND"),
        (&note, PNG, "201"),
    ] {
        assert_eq!(post(&app, note, "a.png", bytes).send().await?.status_and_code(), expected);
    }
    Ok(())
}

#[tokio::test]
async fn unavailable_bucket_is_503_and_repeatable() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    let cut_off = app.second_environment(&[("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")]).await?;
    assert_eq!(
        post(&cut_off, &note, "a.png", PNG).send().await?.status_and_code(),
        "503 SERVICE_UNAVAILABLE"
    );
    assert_eq!(stored(&app).await?, (0, 0));
    let response = post(&app, &note, "a.png", PNG).send().await?;
    assert_eq!((response.status, response.header("idempotency-replayed")), (201, ""));
    assert_eq!(stored(&app).await?, (1, 1));
    Ok(())
}

#[tokio::test]
async fn silent_bucket_is_503_in_time() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    // Connections are accepted, and no response ever follows.
    let silent = std::net::TcpListener::bind("127.0.0.1:0")?;
    let endpoint = format!("http://{}", silent.local_addr()?);
    let cut_off = app.second_environment(&[("AWS_ENDPOINT_URL_S3", &endpoint)]).await?;
    assert_eq!(
        post(&cut_off, &note, "a.png", PNG).send().await?.status_and_code(),
        "503 SERVICE_UNAVAILABLE"
    );
    Ok(())
}

#[tokio::test]
async fn unavailable_tables_are_503_and_store_nothing() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let note = app.new_item("acme", "Apollo").await?;
    let cut_off = app.second_environment(&[("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")]).await?;
    assert_eq!(
        post(&cut_off, &note, "a.png", PNG).send().await?.status_and_code(),
        "503 SERVICE_UNAVAILABLE"
    );
    assert_eq!(stored(&app).await?, (0, 0));
    Ok(())
}

#[tokio::test]
async fn invalid_upload_reaches_only_the_counter() -> Result<()> {
    let app = App::specimens(&[]).await?;
    for (content_type, body) in
        [("text/plain", Vec::new()), (FORM, Vec::new()), (FORM, form("a", "image/png", b"no image"))]
    {
        let request = app.as_alice("POST", &files("acme", "not-a-note")).body(content_type, body);
        assert!((400..500).contains(&request.send().await?.status));
    }
    let operations: Vec<_> = app.proxy.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(operations, vec!["UpdateItem"; 3]);
    Ok(())
}
