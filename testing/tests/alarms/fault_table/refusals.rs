//! Requests that are refused: tokens, limits and the origin's secret.

use anyhow::Result;
use serde_json::{Value, json};
use testing::{App, Issuer, Serving, SigningKey, changed, claims, in_seconds, projects};

use super::Row;

const SECRET: (&str, &str) = ("ORIGIN_SECRET", "the-secret-of-the-proxy-32-bytes");

pub(super) async fn rows(app: &App) -> Result<Vec<Row>> {
    let (tokens, others) = tokio::try_join!(tokens(app), others(app))?;
    Ok([tokens, others].into_iter().flatten().collect())
}

/// Describes tokens of our issuer that are refused.
async fn tokens(app: &App) -> Result<Vec<Row>> {
    let (key, other, equal) =
        (SigningKey::ed25519("1")?, SigningKey::ed25519("2")?, SigningKey::ed25519("1")?);
    let issuer = Issuer::start(Serving::keys(&[&key])).await?;
    let app = app.second_environment(&[("AUTH_JWKS_URL", &issuer.url())]).await?;
    let valid = claims("alice", &["acme"]);
    let with = |name: &str, value: Value| changed(&valid, &format!("/{name}"), &value);
    let mut rows = Vec::new();
    for (fault, token) in [
        ("none", String::new()),
        ("expired", key.token(&with("exp", json!(in_seconds(-3600))))?),
        ("another issuer", key.token(&with("iss", json!("https://other.example")))?),
        ("another audience", key.token(&with("aud", json!("other")))?),
        ("unknown key", other.token(&valid)?),
        ("another key of the same id", equal.token(&valid)?),
    ] {
        let request = app.client.get(&projects("acme"));
        let request = if token.is_empty() { request } else { request.bearer(&token) };
        rows.push(Row::of(&app, &format!("token: {fault}"), &request.send().await?).await?);
    }
    Ok(rows)
}

async fn others(app: &App) -> Result<Vec<Row>> {
    let list = |app: &App, organization: &str| app.as_alice("GET", &projects(organization)).send();
    let foreign =
        Row::of(app, "caller: not a member of the organization", &list(app, "other").await?).await?;
    let limited = app.second_environment(&[("RATE_LIMIT", "1/86400s")]).await?;
    list(&limited, "acme").await?;
    let over = Row::of(&limited, "caller: over the rate limit", &list(&limited, "acme").await?).await?;
    let closed = app.second_environment(&[SECRET]).await?;
    let past = Row::of(&closed, "caller: without the origin's secret", &list(&closed, "acme").await?).await?;
    Ok(vec![foreign, over, past])
}
