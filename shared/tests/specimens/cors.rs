//! CORS together with the cookie.

use anyhow::Result;
use local::stack::Options;
use serde_json::json;
use testing::{App, RequestBuilder, Response, notes};

const PAGE: &str = "http://localhost:5173";
const APP: &str = "https://app.example.com";

/// Write by Alice's browser from a page of this origin, with her cookie.
fn write_from(app: &App, origin: &str, name: &str) -> RequestBuilder {
    let request = app.client.post(&notes("acme")).cookie(&app.token("alice", &["acme"]));
    request.header("origin", origin).header("sec-fetch-site", "same-site").json(&json!({ "name": name }))
}

fn readable_by(response: &Response) -> &str {
    response.header("access-control-allow-origin")
}

#[tokio::test]
async fn pages_can_read_errors_and_limits() -> Result<()> {
    let app = App::specimens(&[("RATE_LIMIT", "1/86400s")]).await?;
    let list = || app.as_alice("GET", &notes("acme")).header("origin", PAGE);
    let without_token = app.client.get(&notes("acme")).header("origin", PAGE);
    for (request, expected) in
        [(without_token, "401 UNAUTHORIZED"), (list(), "200"), (list(), "429 RATE_LIMITED")]
    {
        let response = request.send().await?;
        assert_eq!((response.status_and_code().as_str(), readable_by(&response)), (expected, PAGE));
        assert!(response.header("access-control-expose-headers").contains("ratelimit,"), "{response:?}");
    }
    Ok(())
}

#[tokio::test]
async fn loopback_pages_may_write_with_the_cookie() -> Result<()> {
    let app = App::specimens(&[]).await?;
    for (origin, expected) in [
        (PAGE, "201"),
        ("http://127.0.0.1:8080", "201"),
        ("http://localhost.example:5173", "403 CROSS_SITE_REQUEST"),
        (APP, "403 CROSS_SITE_REQUEST"),
    ] {
        let response = write_from(&app, origin, origin).send().await?;
        assert_eq!(response.status_and_code(), expected, "{origin}");
        assert_eq!(readable_by(&response), if expected == "201" { origin } else { "" });
    }
    Ok(())
}

#[tokio::test]
async fn configured_origins_replace_loopback() -> Result<()> {
    let origins = APP.parse()?;
    let app = App::specimens_with(&[], |options| Options { origins, ..options }).await?;
    let response = write_from(&app, APP, "Apollo").send().await?;
    assert_eq!((response.status_and_code().as_str(), readable_by(&response)), ("201", APP));
    let response = write_from(&app, PAGE, "Gemini").send().await?;
    assert_eq!((response.status_and_code().as_str(), readable_by(&response)), ("403 CROSS_SITE_REQUEST", ""));
    Ok(())
}

#[tokio::test]
async fn trusted_origins_may_be_fewer_than_allowed() -> Result<()> {
    let app = App::specimens(&[("TRUSTED_ORIGINS", APP)]).await?;
    let response = write_from(&app, PAGE, "Apollo").send().await?;
    assert_eq!(
        (response.status_and_code().as_str(), readable_by(&response)),
        ("403 CROSS_SITE_REQUEST", PAGE)
    );
    Ok(())
}
