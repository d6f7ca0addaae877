//! Faults of the issuer's key set.

use anyhow::{Context, Result, ensure};
use testing::{App, Issuer, Response, Serving, SigningKey, claims, projects};

use super::Row;

/// URL on a loopback port without a listener.
const NOWHERE: &str = "http://127.0.0.1:9/jwks";

async fn list(app: &App, key: &SigningKey) -> Result<Response> {
    app.client.get(&projects("acme")).bearer(&key.token(&claims("alice", &["acme"]))?).send().await
}

pub(super) async fn rows(app: &App) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (fault, serving) in [
        ("error 500", Some(Serving::Text(500, "down".to_owned()))),
        ("connection refused", None),
        ("hangs", Some(Serving::Silence)),
        ("response of another server", Some(Serving::Text(200, "<html>".to_owned()))),
    ] {
        rows.push(silent(app, fault, serving).await.context(fault)?);
    }
    rows.push(silent_later(app).await?);
    Ok(rows)
}

/// Describes a fault from the start of an environment on.
async fn silent(app: &App, fault: &str, serving: Option<Serving>) -> Result<Row> {
    let issuer = Issuer::start(serving.unwrap_or(Serving::Silence)).await?;
    let url = if fault == "connection refused" { NOWHERE.to_owned() } else { issuer.url() };
    let app = app.second_environment(&[("AUTH_JWKS_URL", &url)]).await?;
    let response = list(&app, &SigningKey::ed25519("1")?).await?;
    let mut row = Row::of(&app, &format!("issuer: {fault}"), &response).await?;
    // Without the number, which systems differ in. A request soon after the fetch has the cause of that.
    let parts = row.line.replace(&url, "AuthJwksUrl").replace("the issuer was called recently: ", "");
    row.line = match parts.split_once(" (os error ") {
        Some((before, after)) => format!("{before}{}", after.trim_start_matches(|c: char| c != '”')),
        None => parts,
    };
    Ok(row)
}

/// Describes an issuer that fails while its keys are known.
async fn silent_later(app: &App) -> Result<Row> {
    let (known, new) = (SigningKey::ed25519("1")?, SigningKey::ed25519("2")?);
    let issuer = Issuer::start(Serving::keys(&[&known])).await?;
    let app = app.second_environment(&[("AUTH_JWKS_URL", &issuer.url())]).await?;
    ensure!(list(&app, &known).await?.status == 200, "the key is known");
    issuer.serve(Serving::Text(500, "down".to_owned()));
    Row::of(&app, "issuer: error 500, token of a new key", &list(&app, &new).await?).await
}
