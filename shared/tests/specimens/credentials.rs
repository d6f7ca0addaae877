//! Credentials of a request: header, cookie and settings.

use anyhow::Result;
use serde_json::{Value, json};
use testing::{App, RequestBuilder, claims, in_seconds, notes, signed};

const NO_TOKEN: &str = "Bearer";
const BAD_TOKEN: &str = "Bearer error=\"invalid_token\"";

fn get(app: &App) -> RequestBuilder {
    app.client.get(&notes("acme"))
}

/// Claims of a valid token with one of them changed.
fn with(name: &str, value: Value) -> Value {
    let mut claims = claims("alice", &["acme"]);
    claims[name] = value;
    claims
}

#[tokio::test]
async fn challenge_tells_missing_from_invalid_token() -> Result<()> {
    let app = App::specimens(&[]).await?;
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
        let request =
            header.iter().fold(get(&app), |request, header| request.header("authorization", header));
        let response = request.send().await?;
        assert_eq!(
            (response.status_and_code().as_str(), response.header("www-authenticate")),
            ("401 UNAUTHORIZED", expected),
            "{header:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn settings_define_accepted_tokens_and_leeway() -> Result<()> {
    let settings = [
        ("AUTH_ISSUER", "https://login.example.com"),
        ("AUTH_AUDIENCE", "other-api"),
        ("AUTH_JWT_SECRET", "another-key-of-at-least-32-bytes!"),
    ];
    let app = App::specimens(&settings).await?;
    assert_eq!(app.list("").await?.status, 200);
    let development = signed(&json!({"alg": "HS256"}), &claims("alice", &["acme"]))?;
    assert_eq!(get(&app).bearer(&development).send().await?.status, 401);
    let patient = App::specimens(&[("AUTH_LEEWAY_SECONDS", "300")]).await?;
    let late = signed(&json!({"alg": "HS256"}), &with("exp", json!(in_seconds(-100))))?;
    assert_eq!(get(&patient).bearer(&late).send().await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn cookie_carries_the_token_without_a_header() -> Result<()> {
    let app = App::specimens(&[]).await?;
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
        let request = cookies.iter().fold(get(&app), |request, cookie| request.header("cookie", cookie));
        // CSRF protection lets reads by CORS pass, because they change nothing and CORS hides the response.
        let response = request
            .header("sec-fetch-site", "cross-site")
            .header("origin", "https://evil.example")
            .send()
            .await?;
        assert_eq!(response.status, if expected.is_empty() { 200 } else { 401 }, "{cookies:?}");
        assert_eq!(response.header("www-authenticate"), expected, "{cookies:?}");
    }
    Ok(())
}

#[tokio::test]
async fn cookie_name_is_configurable() -> Result<()> {
    let app = App::specimens(&[("AUTH_COOKIE", "__Host-session")]).await?;
    let token = app.token("alice", &["acme"]);
    assert_eq!(get(&app).header("cookie", format!("__Host-session={token}")).send().await?.status, 200);
    assert_eq!(get(&app).cookie(&token).send().await?.header("www-authenticate"), NO_TOKEN);
    Ok(())
}

#[tokio::test]
async fn header_takes_precedence_over_cookie() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let token = app.token("alice", &["acme"]);
    assert_eq!(get(&app).bearer(&token).cookie("garbage").send().await?.status, 200);
    assert_eq!(get(&app).bearer("garbage").cookie(&token).send().await?.status, 401);
    assert_eq!(get(&app).header("authorization", "Basic YTpi").cookie(&token).send().await?.status, 401);
    Ok(())
}
