//! Who may list projects: where a token may stand, and which tokens are none.

use anyhow::Result;
use serde_json::{Value, json};
use testing::{App, Draft, claims, in_seconds, projects, signed};

const NO_TOKEN: &str = "Bearer";
const BAD_TOKEN: &str = "Bearer error=\"invalid_token\"";

fn get(app: &App) -> Draft {
    app.client.get(&projects("acme"))
}

/// The claims of a good token with one changed, or without it.
fn with(name: &str, value: Value) -> Value {
    let mut claims = claims("alice", &["acme"]);
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims("alice", &["acme"]);
    claims.as_object_mut().map(|claims| claims.remove(name));
    claims
}

#[tokio::test]
async fn the_scheme_is_matched_without_case() -> Result<()> {
    let app = App::start(&[]).await?;
    let token = app.token("alice", &["acme"]);
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer "] {
        assert_eq!(
            get(&app).header("authorization", format!("{scheme} {token}")).send().await?.status,
            200,
            "{scheme}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_caller_is_told_whether_a_token_is_missing_or_bad() -> Result<()> {
    let app = App::start(&[]).await?;
    let token = app.token("alice", &["acme"]);
    let basic = "Basic YWxpY2U6c2VjcmV0".to_owned();
    for (header, expected) in [
        (None, NO_TOKEN),
        (Some(basic), NO_TOKEN),
        (Some(token.clone()), NO_TOKEN),
        (Some("Bearer".to_owned()), NO_TOKEN),
        (Some(String::new()), NO_TOKEN),
        (Some("Bearer garbage".to_owned()), BAD_TOKEN),
        (Some(format!("Bearer {token}x")), BAD_TOKEN),
        (Some(format!("Bearer {token},Bearer {token}")), BAD_TOKEN),
        (Some(format!("Bearer \"{token}\"")), BAD_TOKEN),
    ] {
        let draft = header.iter().fold(get(&app), |draft, header| draft.header("authorization", header));
        let answer = draft.send().await?;
        assert_eq!(
            (answer.verdict().as_str(), answer.header("www-authenticate")),
            ("401 UNAUTHORIZED", expected),
            "{header:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_token_is_taken_only_whole_genuine_current_and_meant_for_us() -> Result<()> {
    let app = App::start(&[]).await?;
    let good = json!({"alg": "HS256", "typ": "JWT"});
    let own = claims("alice", &["acme"]);
    let long_name = "x".repeat(8 * 1024);
    let cases = [
        ("as it should be", &good, own.clone(), 200),
        ("one of several audiences", &good, with("aud", json!(["other", own["aud"]])), 200),
        ("not before a minute ago", &good, with("nbf", json!(in_seconds(-60))), 200),
        ("expired", &good, with("exp", json!(in_seconds(-60))), 401),
        ("without an end", &good, without("exp"), 401),
        ("with an end in words", &good, with("exp", json!("tomorrow")), 401),
        ("not yet valid", &good, with("nbf", json!(in_seconds(600))), 401),
        ("with a beginning in words", &good, with("nbf", json!("today")), 401),
        ("of another issuer", &good, with("iss", json!("https://evil.example")), 401),
        ("of several issuers", &good, with("iss", json!([own["iss"]])), 401),
        ("of no issuer", &good, without("iss"), 401),
        ("for another audience", &good, with("aud", json!("billing-api")), 401),
        ("for no audience", &good, without("aud"), 401),
        ("of nobody", &good, without("sub"), 401),
        ("of nobody, in so many words", &good, with("sub", json!("")), 401),
        ("with organizations of a wrong type", &good, with("organizations", json!(["acme", true])), 401),
        ("without organizations", &good, without("organizations"), 403),
        ("with no organization", &good, with("organizations", json!([])), 403),
        ("over 8 KiB", &good, with("name", json!(long_name)), 401),
        ("signed by nobody", &json!({"alg": "none"}), own.clone(), 401),
        ("of another algorithm", &json!({"alg": "HS512"}), own.clone(), 401),
        ("with what must be understood", &json!({"alg": "HS256", "crit": ["exp"]}), own.clone(), 401),
        ("of no algorithm", &json!({"typ": "JWT"}), own, 401),
    ];
    for (what, header, claims, expected) in cases {
        let answer = get(&app).bearer(&signed(header, &claims)?).send().await?;
        assert_eq!(answer.status, expected, "a token {what}");
        assert_eq!(
            answer.header("www-authenticate"),
            if expected == 401 { BAD_TOKEN } else { "" },
            "a token {what}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn settings_say_whose_tokens_are_taken_and_for_how_long() -> Result<()> {
    let settings = [
        ("AUTH_ISSUER", "https://login.example.com"),
        ("AUTH_AUDIENCE", "other-api"),
        ("AUTH_JWT_SECRET", "another-key-of-at-least-32-bytes!"),
    ];
    let app = App::start(&settings).await?;
    assert_eq!(app.list("").await?.status, 200);
    let development = signed(&json!({"alg": "HS256"}), &claims("alice", &["acme"]))?;
    assert_eq!(get(&app).bearer(&development).send().await?.status, 401);
    let patient = App::start(&[("AUTH_LEEWAY_SECONDS", "300")]).await?;
    let late = signed(&json!({"alg": "HS256"}), &with("exp", json!(in_seconds(-100))))?;
    assert_eq!(get(&patient).bearer(&late).send().await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn the_cookie_carries_the_token_where_no_header_does() -> Result<()> {
    let app = App::start(&[]).await?;
    let token = app.token("alice", &["acme"]);
    let (good, other) = (format!("auth={token}"), app.token("bob", &["acme"]));
    for (cookies, expected) in [
        (vec![good.clone()], ""),
        (vec![format!("theme=dark; {good}; lang=en")], ""),
        (vec!["theme=dark".to_owned(), good.clone()], ""),
        (vec![format!("{good}; {good}")], ""),
        (vec![format!("{good}; auth={other}")], BAD_TOKEN),
        (vec![good.clone(), format!("auth={other}")], BAD_TOKEN),
        (vec![format!("{good}; auth=")], BAD_TOKEN),
        (vec!["auth=garbage".to_owned()], BAD_TOKEN),
        (vec![format!("Auth={token}")], NO_TOKEN),
        (vec![format!("session={token}")], NO_TOKEN),
    ] {
        let draft = cookies.iter().fold(get(&app), |draft, cookie| draft.header("cookie", cookie));
        // Reading changes nothing, so another site may start it by CORS; it can't see the answer.
        let answer = draft
            .header("sec-fetch-site", "cross-site")
            .header("origin", "https://evil.example")
            .send()
            .await?;
        assert_eq!(answer.status, if expected.is_empty() { 200 } else { 401 }, "{cookies:?}");
        assert_eq!(answer.header("www-authenticate"), expected, "{cookies:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_setting_names_the_cookie() -> Result<()> {
    let app = App::start(&[("AUTH_COOKIE", "__Host-session")]).await?;
    let token = app.token("alice", &["acme"]);
    assert_eq!(get(&app).header("cookie", format!("__Host-session={token}")).send().await?.status, 200);
    assert_eq!(get(&app).cookie(&token).send().await?.header("www-authenticate"), NO_TOKEN);
    Ok(())
}

#[tokio::test]
async fn with_a_header_the_cookie_is_not_looked_at() -> Result<()> {
    let app = App::start(&[]).await?;
    let token = app.token("alice", &["acme"]);
    assert_eq!(get(&app).bearer(&token).cookie("garbage").send().await?.status, 200);
    assert_eq!(get(&app).bearer("garbage").cookie(&token).send().await?.status, 401);
    assert_eq!(get(&app).header("authorization", "Basic YTpi").cookie(&token).send().await?.status, 401);
    Ok(())
}
