//! CSRF protection of writes with the cookie, and the order of all checks.

use anyhow::Result;
use serde_json::{Value, json};
use testing::{App, RequestBuilder, Service, claims, in_seconds, notes, signed};

const TRUSTED: (&str, &str) = ("TRUSTED_ORIGINS", "https://app.example.com, https://Admin.Example.com:8443");

/// Write to `acme` with these headers and no credentials.
fn write(app: &App, name: &str, headers: &[(&str, &str)]) -> RequestBuilder {
    let request = app.client.post(&notes("acme")).json(&json!({ "name": name }));
    headers.iter().fold(request, |request, (name, value)| request.header(name, value))
}

/// Operations of all calls to DynamoDB.
fn operations(app: &App) -> Vec<String> {
    app.proxy
        .calls()
        .into_iter()
        .filter(|call| call.service == Service::DynamoDb)
        .map(|call| call.operation)
        .collect()
}

#[tokio::test]
async fn cookie_writes_only_from_trusted_sites() -> Result<()> {
    let app = App::specimens(&[TRUSTED]).await?;
    let host = app.stack.url().trim_start_matches("http://").to_owned();
    let own = format!("http://{host}");
    let cases: &[(Option<&str>, Option<&str>, bool)] = &[
        (None, None, true),
        (Some("same-origin"), None, true),
        (Some("none"), None, true),
        (Some("same-site"), None, false),
        (Some("cross-site"), None, false),
        (Some("unheard-of"), None, false),
        (Some(""), None, false),
        (Some("cross-site"), Some("https://app.example.com"), true),
        (Some("same-site"), Some("https://admin.example.com:8443"), true),
        (Some("cross-site"), Some(&own), false),
        (Some("cross-site"), Some("https://evil.example"), false),
        (Some("same-origin"), Some(&own), true),
        (None, Some(&own), true),
        (None, Some("https://app.example.com"), true),
        (None, Some("https://app.example.com:8443"), false),
        (None, Some("http://app.example.com"), false),
        (None, Some("https://app.example.com.evil.example"), false),
        (None, Some("https://evil.example"), false),
        (None, Some(&format!("{own}.evil.example")), false),
        (None, Some(&format!("http://evil.example/{host}")), false),
        (None, Some(&format!("http://evil.example@{host}")), false),
        (None, Some("http://127.0.0.1"), false),
        (None, Some("null"), false),
        (None, Some(""), false),
    ];
    let token = app.token("alice", &["acme"]);
    for (turn, (site, origin, passes)) in cases.iter().enumerate() {
        let sent = [("sec-fetch-site", site), ("origin", origin)];
        let sent: Vec<_> = sent.into_iter().filter_map(|(name, value)| Some((name, (*value)?))).collect();
        let response = write(&app, &format!("Note {turn}"), &sent).cookie(&token).send().await?;
        assert_eq!(
            response.status_and_code(),
            if *passes { "201" } else { "403 CROSS_SITE_REQUEST" },
            "{site:?} {origin:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn bearer_token_writes_from_any_site() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let (alice, bob) = (app.token("alice", &["acme"]), app.token("bob", &["acme"]));
    let cross_site = [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    assert_eq!(write(&app, "Apollo", &cross_site).bearer(&alice).send().await?.status_and_code(), "201");
    let both = write(&app, "Gemini", &cross_site).bearer(&alice).cookie(&bob).send().await?;
    assert_eq!(both.json()["data"]["createdBy"], "alice");
    Ok(())
}

#[tokio::test]
async fn cross_site_write_reveals_and_costs_nothing() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let expired = signed(&json!({"alg": "HS256"}), &{
        let mut claims = claims("alice", &["acme"]);
        claims["exp"] = json!(in_seconds(-1000));
        claims
    })?;
    let cookies = [
        "auth=garbage".to_owned(),
        format!("auth={expired}"),
        "auth=a; auth=b".to_owned(),
        "auth=".to_owned(),
    ];
    for cookie in &cookies {
        let headers = [("sec-fetch-site", "cross-site"), ("cookie", cookie.as_str())];
        assert_eq!(
            write(&app, "Apollo", &headers).send().await?.status_and_code(),
            "403 CROSS_SITE_REQUEST",
            "{cookie}"
        );
    }
    assert_eq!(app.proxy.calls(), []);
    Ok(())
}

#[tokio::test]
async fn cross_site_write_without_cookie_is_401() -> Result<()> {
    let app = App::specimens(&[]).await?;
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "cross-site"), ("cookie", "theme=dark")],
    ] {
        let response = write(&app, "Apollo", headers).send().await?;
        assert_eq!(
            (response.status_and_code().as_str(), response.header("www-authenticate")),
            ("401 UNAUTHORIZED", "Bearer")
        );
    }
    Ok(())
}

#[tokio::test]
async fn non_member_gets_uniform_403() -> Result<()> {
    let app = App::specimens(&[]).await?;
    app.new_item("acme", "Apollo").await?;
    app.proxy.clear();
    let mut bodies = Vec::new();
    for organization in ["acme", "no-such-organization"] {
        for body in [json!({"name": "Apollo"}), json!({"name": ""}), Value::Null] {
            let request = app.request_of("mallory", &["umbrella"], "POST", &notes(organization));
            let response = request.key("").body("text/plain", body.to_string()).send().await?;
            assert_eq!(response.status_and_code(), "403 FORBIDDEN");
            bodies.push(response.body);
        }
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(operations(&app), vec!["UpdateItem"; 6]);
    Ok(())
}

#[tokio::test]
async fn invalid_body_reaches_only_the_counter() -> Result<()> {
    let app = App::specimens(&[]).await?;
    for body in ["", "{", "{}", r#"{"name": ""}"#] {
        let request = app.as_alice("POST", &notes("acme")).body("application/json", body);
        assert_eq!(request.send().await?.status, 400);
    }
    assert_eq!(operations(&app), vec!["UpdateItem"; 4]);
    Ok(())
}

#[tokio::test]
async fn rate_limit_precedes_membership_and_body() -> Result<()> {
    let app = App::specimens(&[("RATE_LIMIT", "1/86400s")]).await?;
    for expected in ["403 FORBIDDEN", "429 RATE_LIMITED"] {
        let request = app.request_of("mallory", &["umbrella"], "POST", &notes("acme"));
        assert_eq!(request.body("text/plain", "{").send().await?.status_and_code(), expected);
    }
    // CSRF is checked before authentication, and so before the rate limit.
    let token = app.token("mallory", &["umbrella"]);
    let other_site = write(&app, "Apollo", &[("sec-fetch-site", "cross-site")]).cookie(&token).send().await?;
    assert_eq!(other_site.status_and_code(), "403 CROSS_SITE_REQUEST");
    Ok(())
}
