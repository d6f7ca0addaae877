//! The API behind a proxy: its secret, and the headers that are believed only with it.

use anyhow::Result;
use serde_json::{Value, json};
use testing::{App, changed, format_1};

use crate::{event, line};

const SECRET: &str = "the-secret-of-the-proxy-32-bytes";
const PREVIOUS: &str = "the-secret-before-it-of-32-bytes";
const CLOSED: (&str, &str) = ("ORIGIN_SECRET", SECRET);
const ONE_A_DAY: (&str, &str) = ("RATE_LIMIT", "1/86400s");
const REFUSED: &str = "403 FORBIDDEN";

/// Returns the event with this header.
fn with(event: &Value, name: &str, value: &str) -> Value {
    changed(event, &format!("/headers/{name}"), &value.into())
}

/// Event without a token, which the proxy with `secret` received from `viewer`.
fn anonymous(app: &App, secret: &str, viewer: &str) -> Value {
    let event = changed(&event(app, "GET", "notes"), "/headers", &json!({"x-origin-secret": secret}));
    with(&event, "cloudfront-viewer-address", viewer)
}

async fn status(app: &App, function: &str, event: &Value) -> Result<String> {
    Ok(app.response(function, event).await?.status_and_code())
}

#[tokio::test]
async fn request_without_the_secret_is_refused_first() -> Result<()> {
    let app = App::specimens(&[CLOSED]).await?;
    let list = event(&app, "GET", "notes");
    let doubled = format!("{SECRET},{SECRET}");
    for wrong in ["", "x", &SECRET[1..], &SECRET.to_uppercase(), &format!("{SECRET} "), &doubled, PREVIOUS] {
        assert_eq!(
            status(&app, "ListNotes", &with(&list, "x-origin-secret", wrong)).await?,
            REFUSED,
            "{wrong}"
        );
    }
    let mut twice = format_1(&list);
    twice["multiValueHeaders"]["X-Origin-Secret"] = json!([SECRET, SECRET]);
    assert_eq!(status(&app, "ListNotes", &twice).await?, REFUSED, "a doubled header");
    let cookie = json!({"cookie": "auth=garbage", "sec-fetch-site": "cross-site"});
    for (function, event) in [
        ("ListNotes", list.clone()),
        ("ListNotes", format_1(&list)),
        ("ListNotes", changed(&list, "/headers", &json!({"authorization": "Bearer x"}))),
        ("ListNotes", changed(&list, "/requestContext/http/method", &json!("POST"))),
        ("CreateNote", changed(&event(&app, "POST", "notes"), "/headers", &cookie)),
        ("Status", json!({"requestContext": {"http": {"method": "GET"}}, "rawPath": "/v1/status"})),
    ] {
        assert_eq!(status(&app, function, &event).await?, REFUSED, "{function} {event}");
    }
    assert_eq!(app.proxy.calls(), []);
    Ok(())
}

#[tokio::test]
async fn current_and_previous_secret_pass() -> Result<()> {
    let app = App::specimens(&[CLOSED, ("ORIGIN_SECRET_PREVIOUS", PREVIOUS)]).await?;
    let list = event(&app, "GET", "notes");
    for secret in [SECRET, PREVIOUS] {
        for event in [list.clone(), format_1(&list)] {
            let event = with(&event, "X-Origin-Secret", secret);
            let event = changed(&event, "/multiValueHeaders/X-Origin-Secret", &json!([secret]));
            assert_eq!(status(&app, "ListNotes", &event).await?, "200", "{secret}");
        }
    }
    assert_eq!(status(&app, "ListNotes", &with(&list, "x-origin-secret", &SECRET[1..])).await?, REFUSED);
    // Pings keep functions warm whatever the settings.
    assert_eq!(status(&app, "ListNotes", &json!({})).await?, "200");
    Ok(())
}

#[tokio::test]
async fn refusal_is_logged_without_any_secret() -> Result<()> {
    let app = App::specimens(&[CLOSED, ("LOG_LEVEL", "trace")]).await?;
    let list = event(&app, "GET", "notes");
    for secret in ["a-guess-at-the-secret-of-32-bytes", SECRET] {
        app.response("ListNotes", &with(&list, "x-origin-secret", secret)).await?;
    }
    let line = app.stack.log_with("specimens", "\"refused\":\"origin\"").await.unwrap_or_default();
    assert!(line.contains("\"status\":403"), "{line}");
    assert!(app.stack.log_with("specimens", "\"status\":200").await.is_some());
    let log = app.stack.logs("specimens").join("\n");
    assert!(!log.contains("a-guess-at") && !log.contains(SECRET), "{log}");
    Ok(())
}

#[tokio::test]
async fn id_of_the_proxy_needs_its_secret() -> Result<()> {
    let (closed, open) = (App::specimens(&[CLOSED]).await?, App::specimens(&[]).await?);
    let long = "a".repeat(101);
    for (turn, (app, secret, id, is_logged)) in [
        (&closed, SECRET, "Rk3VqgJ0mI3J-x_OqhIRW8V5TQ==", true),
        (&closed, SECRET, "two words", false),
        (&closed, SECRET, "", false),
        (&closed, SECRET, &long, false),
        (&closed, PREVIOUS, "of-another", false),
        (&open, SECRET, "of-anyone", false),
    ]
    .into_iter()
    .enumerate()
    {
        let event =
            changed(&event(app, "GET", "notes"), "/requestContext/requestId", &json!(turn.to_string()));
        let event = with(&with(&event, "x-origin-secret", secret), "x-amz-cf-id", id);
        let line = line(app, &app.response("ListNotes", &event).await?).await?;
        assert_eq!(line["cloudfront_id"].as_str(), is_logged.then_some(id), "{line}");
    }
    Ok(())
}

#[tokio::test]
async fn viewer_address_is_limited_behind_the_proxy() -> Result<()> {
    let app = App::specimens(&[CLOSED, ONE_A_DAY]).await?;
    for (viewer, expected) in [
        ("198.51.100.1:1024", "401 UNAUTHORIZED"),
        ("198.51.100.1:2048", "429 RATE_LIMITED"),
        ("198.51.100.2:1024", "401 UNAUTHORIZED"),
        ("2001:db8:1:2::1:443", "401 UNAUTHORIZED"),
        ("2001:db8:1:2:ffff::7:50000", "429 RATE_LIMITED"),
        ("[2001:db8:1:2::9]:50000", "429 RATE_LIMITED"),
        ("2001:db8:1:3::1:443", "401 UNAUTHORIZED"),
        // Then the gateway's address counts, which is 192.0.2.1 in each of these.
        ("no address", "401 UNAUTHORIZED"),
        ("198.51.100.3:1, 198.51.100.4:1", "429 RATE_LIMITED"),
        ("", "429 RATE_LIMITED"),
    ] {
        assert_eq!(status(&app, "ListNotes", &anonymous(&app, SECRET, viewer)).await?, expected, "{viewer}");
    }
    Ok(())
}

#[tokio::test]
async fn viewer_address_works_in_format_1() -> Result<()> {
    let app = App::specimens(&[CLOSED, ONE_A_DAY]).await?;
    for (viewer, expected) in [("198.51.100.1:1", "401 UNAUTHORIZED"), ("198.51.100.2:1", "401 UNAUTHORIZED")]
    {
        let event = format_1(&anonymous(&app, SECRET, viewer));
        assert_eq!(status(&app, "ListNotes", &event).await?, expected, "{viewer}");
    }
    Ok(())
}

#[tokio::test]
async fn viewer_address_is_ignored_without_a_secret() -> Result<()> {
    let app = App::specimens(&[ONE_A_DAY]).await?;
    for (turn, expected) in ["401 UNAUTHORIZED", "429 RATE_LIMITED", "429 RATE_LIMITED"].iter().enumerate() {
        let event = anonymous(&app, SECRET, &format!("198.51.100.{turn}:1"));
        assert_eq!(status(&app, "ListNotes", &event).await?, *expected);
    }
    Ok(())
}

/// Write by the cookie from an older browser, which sends no Fetch Metadata, by way of `host`.
fn cookie_write(app: &App, host: &str) -> Value {
    let event = event(app, "POST", "notes");
    let event = changed(&event, "/cookies", &json!([format!("auth={}", app.token("alice", &["acme"]))]));
    let headers = json!({
        "content-type": "application/json", "origin": "https://api.example.com",
        "host": "id.execute-api.eu-central-1.amazonaws.com", "x-forwarded-host": host, "x-origin-secret": SECRET,
    });
    changed(&changed(&event, "/headers", &headers), "/body", &json!({"name": host}).to_string().into())
}

#[tokio::test]
async fn page_of_the_public_host_writes_by_cookie() -> Result<()> {
    let closed = App::specimens(&[CLOSED]).await?;
    for (host, expected) in [("api.example.com", "201"), ("evil.example", "403 CROSS_SITE_REQUEST")] {
        assert_eq!(status(&closed, "CreateNote", &cookie_write(&closed, host)).await?, expected, "{host}");
    }
    let open = App::specimens(&[]).await?;
    let own = changed(&cookie_write(&open, "api.example.com"), "/headers/host", &json!("api.example.com"));
    assert_eq!(status(&open, "CreateNote", &own).await?, "201");
    let forwarded = cookie_write(&open, "api.example.com");
    assert_eq!(status(&open, "CreateNote", &forwarded).await?, "403 CROSS_SITE_REQUEST");
    Ok(())
}
