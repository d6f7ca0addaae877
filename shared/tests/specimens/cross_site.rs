//! Who may create a note: cookies and other sites, and the order of all checks.

use anyhow::Result;
use serde_json::{Value, json};
use testing::{App, Draft, Service, claims, in_seconds, notes, signed};

const TRUSTED: (&str, &str) = ("TRUSTED_ORIGINS", "https://app.example.com, https://Admin.Example.com:8443");

/// A write to `acme` without credentials, with these headers.
fn write(app: &App, name: &str, headers: &[(&str, &str)]) -> Draft {
    let draft = app.client.post(&notes("acme")).json(&json!({ "name": name }));
    headers.iter().fold(draft, |draft, (name, value)| draft.header(name, value))
}

/// The operations that reached the tables, each once for every time.
fn operations(app: &App) -> Vec<String> {
    app.tap
        .calls()
        .into_iter()
        .filter(|call| call.service == Service::DynamoDb)
        .map(|call| call.operation)
        .collect()
}

#[tokio::test]
async fn a_cookie_writes_only_from_the_own_site_a_trusted_one_or_none() -> Result<()> {
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
        let answer = write(&app, &format!("Note {turn}"), &sent).cookie(&token).send().await?;
        assert_eq!(
            answer.verdict(),
            if *passes { "201" } else { "403 CROSS_SITE_REQUEST" },
            "{site:?} {origin:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_bearer_token_writes_from_anywhere_even_beside_a_cookie() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let (alice, bob) = (app.token("alice", &["acme"]), app.token("bob", &["acme"]));
    let elsewhere = [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    assert_eq!(write(&app, "Apollo", &elsewhere).bearer(&alice).send().await?.verdict(), "201");
    let both = write(&app, "Gemini", &elsewhere).bearer(&alice).cookie(&bob).send().await?;
    assert_eq!(both.json()["data"]["createdBy"], "alice");
    Ok(())
}

#[tokio::test]
async fn another_site_learns_nothing_of_the_cookie_and_costs_nothing() -> Result<()> {
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
            write(&app, "Apollo", &headers).send().await?.verdict(),
            "403 CROSS_SITE_REQUEST",
            "{cookie}"
        );
    }
    assert_eq!(app.tap.calls(), []);
    Ok(())
}

#[tokio::test]
async fn without_the_cookie_another_site_is_as_anonymous_as_anyone() -> Result<()> {
    let app = App::specimens(&[]).await?;
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "cross-site"), ("cookie", "theme=dark")],
    ] {
        let answer = write(&app, "Apollo", headers).send().await?;
        assert_eq!(
            (answer.verdict().as_str(), answer.header("www-authenticate")),
            ("401 UNAUTHORIZED", "Bearer")
        );
    }
    Ok(())
}

#[tokio::test]
async fn whoever_is_no_member_learns_nothing_about_the_organization_or_their_body() -> Result<()> {
    let app = App::specimens(&[]).await?;
    app.new_item("acme", "Apollo").await?;
    app.tap.clear();
    let mut bodies = Vec::new();
    for organization in ["acme", "no-such-organization"] {
        for body in [json!({"name": "Apollo"}), json!({"name": ""}), Value::Null] {
            let draft = app.request_of("mallory", &["umbrella"], "POST", &notes(organization));
            let answer = draft.key("").body("text/plain", body.to_string()).send().await?;
            assert_eq!(answer.verdict(), "403 FORBIDDEN");
            bodies.push(answer.body);
        }
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(operations(&app), vec!["UpdateItem"; 6]);
    Ok(())
}

#[tokio::test]
async fn a_bad_body_reaches_no_storage_but_the_counter() -> Result<()> {
    let app = App::specimens(&[]).await?;
    for body in ["", "{", "{}", r#"{"name": ""}"#] {
        let draft = app.as_alice("POST", &notes("acme")).body("application/json", body);
        assert_eq!(draft.send().await?.status, 400);
    }
    assert_eq!(operations(&app), vec!["UpdateItem"; 4]);
    Ok(())
}

#[tokio::test]
async fn over_the_limit_comes_before_membership_and_body() -> Result<()> {
    let app = App::specimens(&[("RATE_LIMIT", "1/86400s")]).await?;
    for expected in ["403 FORBIDDEN", "429 RATE_LIMITED"] {
        let draft = app.request_of("mallory", &["umbrella"], "POST", &notes("acme"));
        assert_eq!(draft.body("text/plain", "{").send().await?.verdict(), expected);
    }
    // Where the request comes from is looked at before who is calling, and so before their limit.
    let token = app.token("mallory", &["umbrella"]);
    let other_site = write(&app, "Apollo", &[("sec-fetch-site", "cross-site")]).cookie(&token).send().await?;
    assert_eq!(other_site.verdict(), "403 CROSS_SITE_REQUEST");
    Ok(())
}
