//! Merge patches and deletions: versions, conflicts and lost responses.

use anyhow::Result;
use serde_json::{Value, json};
use testing::{App, CallMatcher, Fault, RequestBuilder, Response, send_concurrently};

use crate::{issues, stored};

const MISMATCH: &str = "409 CONFLICT";

/// Creates a note with a text and returns its path.
async fn note(app: &App, organization: &str) -> Result<String> {
    let path = testing::notes(organization);
    let create = app.request_of("alice", &[organization], "POST", &path);
    let response = create.json(&json!({"name": "Apollo", "text": "first"})).send().await?;
    Ok(response.header("location").to_owned())
}

fn patch(app: &App, path: &str, body: &Value) -> RequestBuilder {
    app.as_alice("PATCH", path).body("application/merge-patch+json", body.to_string())
}

async fn text(app: &App, path: &str) -> Result<Value> {
    Ok(app.as_alice("GET", path).send().await?.json()["data"]["text"].clone())
}

#[tokio::test]
async fn patch_keeps_absent_fields_and_removes_null() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let path = note(&app, "acme").await?;
    for (turn, (body, expected)) in [
        (json!({}), json!("first")),
        (json!({"text": "next", "unknown": null}), json!("next")),
        (json!({"text": null}), Value::Null),
        (json!({}), Value::Null),
    ]
    .into_iter()
    .enumerate()
    {
        let response = patch(&app, &path, &body).send().await?;
        assert_eq!(
            (response.status_and_code().as_str(), &response.json()["data"]["text"]),
            ("200", &expected),
            "{body}"
        );
        assert_eq!(response.header("etag"), format!("\"{}\"", turn + 2));
        assert_eq!(text(&app, &path).await?, expected, "{body}");
    }
    let wrong = patch(&app, &path, &json!({"text": 1})).send().await?;
    assert_eq!(
        (wrong.status_and_code().as_str(), issues(&wrong)),
        ("400 VALIDATION_ERROR", vec!["text invalid_type".to_owned()])
    );
    let json = app.as_alice("PATCH", &path).json(&json!({"text": "as JSON"}));
    assert_eq!(json.send().await?.status_and_code(), "200");
    let plain = app.as_alice("PATCH", &path).body("text/plain", "{}");
    assert_eq!(plain.send().await?.status_and_code(), "415 UNSUPPORTED_MEDIA_TYPE");
    Ok(())
}

#[tokio::test]
async fn patch_requires_a_matching_version() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let path = note(&app, "acme").await?;
    let mut version = 1;
    for (header, matches) in [
        ("\"{}\"", true),
        ("*", true),
        ("\"99\", \"{}\" , \"7\"", true),
        ("\"99\"", false),
        ("W/\"{}\"", false),
        ("\"0{}\"", false),
        ("\"abc\"", false),
    ] {
        let header = header.replace("{}", &version.to_string());
        let response =
            patch(&app, &path, &json!({"text": header})).header("if-match", &header).send().await?;
        version += u64::from(matches);
        let expected = if matches { ("200", "") } else { (MISMATCH, "version") };
        assert_eq!((response.status_and_code().as_str(), response.field().as_str()), expected, "{header}");
        assert_eq!(response.header("etag"), format!("\"{version}\""), "{header}");
    }
    assert_eq!(text(&app, &path).await?, "\"99\", \"3\" , \"7\"");
    for malformed in ["", "1", "\"1", "w/\"1\"", "*, \"1\"", "\"1\" \"2\""] {
        for method in ["PATCH", "DELETE"] {
            let request = app.as_alice(method, &path).json(&json!({})).header("if-match", malformed);
            let response = request.send().await?;
            let found = (response.status_and_code(), issues(&response));
            let expected = vec!["If-Match invalid_format".to_owned()];
            assert_eq!(found, ("400 VALIDATION_ERROR".to_owned(), expected), "{method} {malformed}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn delete_requires_a_matching_version() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let path = note(&app, "acme").await?;
    let delete = |tag: &str| app.as_alice("DELETE", &path).header("if-match", tag);
    let refused = delete("\"2\"").send().await?;
    assert_eq!((refused.status_and_code().as_str(), refused.header("etag")), (MISMATCH, "\"1\""));
    assert_eq!(delete("\"1\"").send().await?.status_and_code(), "204");
    assert_eq!(delete("\"1\"").send().await?.status_and_code(), "404 NOT_FOUND");
    assert_eq!(stored(&app, "acme").await?, [0, 0, 0]);
    Ok(())
}

#[tokio::test]
async fn concurrent_keyed_changes_are_replayed() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let path = note(&app, "acme").await?;
    let change = |tag: &str| patch(&app, &path, &json!({"text": "next"})).key("key").header("if-match", tag);
    let responses = send_concurrently((0..10).map(|_| change("\"1\""))).await?;
    let bodies: Vec<_> =
        responses.iter().filter(|response| response.status == 200).map(Response::json).collect();
    assert!(bodies.len() == responses.len() && bodies.iter().all(|body| *body == bodies[0]), "{responses:?}");
    let made = responses.iter().filter(|response| response.header("idempotency-replayed").is_empty());
    assert_eq!(made.count(), 1);
    assert_eq!(bodies[0]["data"]["version"], 2);
    let other = change("\"2\"").send().await?;
    assert_eq!(other.status_and_code(), "422 UNPROCESSABLE_ENTITY");
    Ok(())
}

#[tokio::test]
async fn one_of_concurrent_changes_succeeds() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let path = note(&app, "acme").await?;
    let change =
        |turn| patch(&app, &path, &json!({"text": format!("change {turn}")})).header("if-match", "\"1\"");
    let responses = send_concurrently((0..20).map(change)).await?;
    let (made, refused): (Vec<_>, Vec<_>) = responses.iter().partition(|response| response.status == 200);
    assert_eq!(made.len(), 1);
    assert!(refused.iter().all(|response| response.status_and_code() == MISMATCH));
    assert_eq!(text(&app, &path).await?, made[0].json()["data"]["text"]);
    assert_eq!(made[0].json()["data"]["version"], 2);
    Ok(())
}

#[tokio::test]
async fn lost_response_of_change_causes_no_conflict() -> Result<()> {
    let app = App::specimens(&[]).await?;
    // The lost call may have taken effect. The next one is a retry, by the SDK or by the storage layer.
    for lost in [Fault::ConnectionReset, Fault::ResponseLost, Fault::Slow, Fault::TruncatedBody] {
        for next in [None, Some(Fault::Contended), Some(Fault::Broken)] {
            let organization = format!("{lost:?}-{next:?}").replace(['(', ')'], "-");
            let path = note(&app, &organization).await?;
            for (method, status_and_code) in [("PATCH", "200"), ("DELETE", "204")] {
                let calls = || CallMatcher::of("TransactWriteItems").with(&organization);
                let outages = [Some(lost), next]
                    .into_iter()
                    .zip(1..)
                    .filter_map(|(fault, number)| Some(app.proxy.fail(calls().number(number), fault?)));
                let outages: Vec<_> = outages.collect();
                let request =
                    app.request_of("alice", &[&organization], method, &path).json(&json!({"text": "next"}));
                let response = request
                    .header("if-match", if method == "PATCH" { "\"1\"" } else { "\"2\"" })
                    .send()
                    .await?;
                drop(outages);
                assert_eq!(response.status_and_code(), status_and_code, "{method} {organization}");
            }
            assert_eq!(stored(&app, &organization).await?, [0, 0, 0], "{organization}");
        }
    }
    Ok(())
}
