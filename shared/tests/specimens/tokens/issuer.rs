//! Keys of an issuer: fetches, rotation, discovery and outages.

use anyhow::Result;
use serde_json::json;
use testing::{App, Issuer, Serving, SigningKey, TlsProxy, claims, jwks, notes, send_concurrently};

/// Starts a service that trusts an issuer. Sequential requests keep it at one environment for each function.
async fn app(issuer: &Issuer) -> Result<App> {
    App::specimens(&[("AUTH_JWKS_URL", &issuer.url())]).await
}

/// Sends Alice's request with a token of this key; returns status and code.
async fn status(app: &App, key: &SigningKey) -> Result<String> {
    let token = key.token(&claims("alice", &["acme"]))?;
    let response = app.client.get(&notes("acme")).bearer(&token).send().await?;
    if response.status == 503 {
        assert!(!response.header("retry-after").is_empty());
    }
    Ok(response.status_and_code())
}

#[tokio::test]
async fn issuer_keys_are_fetched_once() -> Result<()> {
    let keys = [SigningKey::rsa("1")?, SigningKey::p256("2")?, SigningKey::ed25519("3")?];
    let issuer = Issuer::start(Serving::keys(&keys.each_ref())).await?;
    let app = app(&issuer).await?;
    for key in keys.iter().chain(&keys) {
        assert_eq!(status(&app, key).await?, "200");
    }
    assert_eq!(issuer.asked(), 1);
    Ok(())
}

#[tokio::test]
async fn rotated_key_costs_one_fetch_forged_ones_none() -> Result<()> {
    let (old, new) = (SigningKey::p256("old")?, SigningKey::p256("new")?);
    let issuer = Issuer::start(Serving::keys(&[&old])).await?;
    let app = app(&issuer).await?;
    assert_eq!(status(&app, &old).await?, "200");
    issuer.serve(Serving::keys(&[&new, &old]));
    assert_eq!(status(&app, &new).await?, "200");
    assert_eq!(status(&app, &old).await?, "200");
    for forged in ["a", "b", "c"] {
        assert_eq!(status(&app, &SigningKey::p256(forged)?).await?, "401 UNAUTHORIZED");
    }
    assert_eq!(issuer.asked(), 2);
    Ok(())
}

#[tokio::test]
async fn invalid_claims_cause_no_fetch() -> Result<()> {
    let (known, stranger) = (SigningKey::p256("known")?, SigningKey::p256("stranger")?);
    let issuer = Issuer::start(Serving::keys(&[&known])).await?;
    let app = app(&issuer).await?;
    assert_eq!(status(&app, &known).await?, "200");
    let mut expired = claims("alice", &["acme"]);
    expired["exp"] = 1.into();
    let mut foreign = claims("alice", &["acme"]);
    foreign["iss"] = "https://elsewhere.example".into();
    for claims in [expired, foreign] {
        let request = app.client.get(&notes("acme")).bearer(&stranger.token(&claims)?);
        assert_eq!(request.send().await?.status_and_code(), "401 UNAUTHORIZED");
    }
    assert_eq!(issuer.asked(), 1);
    Ok(())
}

#[tokio::test]
async fn missing_keys_are_503_until_the_issuer_recovers() -> Result<()> {
    let key = SigningKey::ed25519("1")?;
    let mut large = jwks(&[&key]);
    large["padding"] = "p".repeat(300_000).into();
    let secret = json!({"keys": [key.jwk(), {"kty": "oct", "k": "c2VjcmV0"}]});
    for down in [
        Serving::Text(500, "down".to_owned()),
        Serving::Text(404, String::new()),
        Serving::Text(201, jwks(&[&key]).to_string()),
        Serving::Text(200, "<html>sign in</html>".to_owned()),
        Serving::Text(200, "{\"keys\":[]}".to_owned()),
        Serving::Text(200, large.to_string()),
        Serving::Text(200, secret.to_string()),
    ] {
        let issuer = Issuer::start(down.clone()).await?;
        let app = app(&issuer).await?;
        assert_eq!(status(&app, &key).await?, "503 SERVICE_UNAVAILABLE", "{down:?}");
        // Requests without a token, or with one that no public key can verify, are 401 even without keys.
        assert_eq!(app.client.get(&notes("acme")).send().await?.status_and_code(), "401 UNAUTHORIZED");
        let symmetric = SigningKey::secret("1", b"a secret").token(&claims("alice", &["acme"]))?;
        let symmetric = app.client.get(&notes("acme")).bearer(&symmetric);
        assert_eq!(symmetric.send().await?.status_and_code(), "401 UNAUTHORIZED");
        issuer.serve(Serving::keys(&[&key]));
        // A new environment fetches immediately, this one after a second.
        let other = App::specimens(&[("AUTH_JWKS_URL", &issuer.url())]).await?;
        assert_eq!(status(&other, &key).await?, "200", "{down:?}");
    }
    Ok(())
}

#[tokio::test]
async fn missing_keys_cause_few_fetches_and_no_counts() -> Result<()> {
    let key = SigningKey::ed25519("1")?;
    let issuer = Issuer::start(Serving::Text(500, String::new())).await?;
    let app = App::specimens(&[("AUTH_JWKS_URL", &issuer.url()), ("RATE_LIMIT", "5/86400s")]).await?;
    for _ in 0..20 {
        assert_eq!(status(&app, &key).await?, "503 SERVICE_UNAVAILABLE");
    }
    // The requests take seconds on a slow machine, with a fetch in each second.
    assert!(issuer.asked() < 10, "{} fetches", issuer.asked());
    assert_eq!(app.rows("RateLimitTable", "").await?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn silent_issuer_is_503_in_time() -> Result<()> {
    let key = SigningKey::ed25519("1")?;
    let issuer = Issuer::start(Serving::Silence).await?;
    let app = app(&issuer).await?;
    assert_eq!(status(&app, &key).await?, "503 SERVICE_UNAVAILABLE");
    Ok(())
}

#[tokio::test]
async fn issuer_redirects_are_not_followed() -> Result<()> {
    let key = SigningKey::ed25519("1")?;
    let elsewhere = Issuer::start(Serving::keys(&[&key])).await?;
    let issuer = Issuer::start(Serving::Redirect(elsewhere.url())).await?;
    let app = app(&issuer).await?;
    assert_eq!(status(&app, &key).await?, "503 SERVICE_UNAVAILABLE");
    assert_eq!(elsewhere.asked(), 0);
    Ok(())
}

#[tokio::test]
async fn known_keys_remain_valid_during_an_outage() -> Result<()> {
    let (known, unknown) = (SigningKey::p256("known")?, SigningKey::p256("unknown")?);
    let issuer = Issuer::start(Serving::keys(&[&known])).await?;
    let app = app(&issuer).await?;
    assert_eq!(status(&app, &known).await?, "200");
    issuer.serve(Serving::Text(503, String::new()));
    assert_eq!(status(&app, &unknown).await?, "401 UNAUTHORIZED");
    assert_eq!(status(&app, &known).await?, "200");
    drop(issuer);
    assert_eq!(status(&app, &known).await?, "200");
    Ok(())
}

#[tokio::test]
async fn each_environment_fetches_keys_once() -> Result<()> {
    let key = SigningKey::p256("1")?;
    let issuer = Issuer::start(Serving::keys(&[&key])).await?;
    let app = app(&issuer).await?;
    let token = key.token(&claims("alice", &["acme"]))?;
    for _ in 0..3 {
        let requests = (0..20).map(|_| app.client.get(&notes("acme")).bearer(&token));
        assert!(send_concurrently(requests).await?.iter().all(|response| response.status == 200));
    }
    // At most one environment for each concurrent request.
    assert!(issuer.asked() <= 20, "{} fetches", issuer.asked());
    Ok(())
}

#[tokio::test]
async fn every_fetch_opens_a_new_connection() -> Result<()> {
    let (old, new) = (SigningKey::p256("old")?, SigningKey::p256("new")?);
    let issuer = Issuer::start(Serving::keys(&[&old])).await?;
    let proxy = TlsProxy::start(issuer.name(), None).await?;
    let app = App::specimens(&[("AUTH_JWKS_URL", &format!("{}/jwks", proxy.url()))]).await?;
    assert_eq!(status(&app, &old).await?, "200");
    let opened = proxy.opened();
    issuer.serve(Serving::keys(&[&new]));
    assert_eq!(status(&app, &new).await?, "200");
    assert_eq!((issuer.asked(), proxy.opened()), (2, opened + 1));
    Ok(())
}

#[tokio::test]
async fn fetch_with_broken_connection_is_retried_once() -> Result<()> {
    let (old, new) = (SigningKey::p256("old")?, SigningKey::p256("new")?);
    let issuer = Issuer::start(Serving::keys(&[&old])).await?;
    let proxy = TlsProxy::start(issuer.name(), None).await?;
    let app = App::specimens(&[("AUTH_JWKS_URL", &format!("{}/jwks", proxy.url()))]).await?;
    assert_eq!(status(&app, &old).await?, "200");
    issuer.serve(Serving::keys(&[&new]));
    proxy.refuse_next(1);
    assert_eq!(status(&app, &new).await?, "200");
    Ok(())
}

/// Starts a service that discovers the keys of this issuer.
async fn discovering(issuer: &Issuer) -> Result<App> {
    App::specimens(&[("AUTH_ISSUER", issuer.name())]).await
}

/// Sends Alice's request with a token of this issuer; returns status and code.
async fn status_for(app: &App, issuer: &str, key: &SigningKey) -> Result<String> {
    let mut claims = claims("alice", &["acme"]);
    claims["iss"] = issuer.into();
    Ok(app.client.get(&notes("acme")).bearer(&key.token(&claims)?).send().await?.status_and_code())
}

#[tokio::test]
async fn keys_are_discovered_at_their_own_issuer() -> Result<()> {
    let key = SigningKey::p384("1")?;
    let issuer = Issuer::start(Serving::keys(&[&key])).await?;
    let app = discovering(&issuer).await?;
    assert_eq!(status_for(&app, issuer.name(), &key).await?, "200");
    assert_eq!(status_for(&app, "https://elsewhere.example", &key).await?, "401 UNAUTHORIZED");
    assert_eq!(issuer.asked(), 1);
    Ok(())
}

#[tokio::test]
async fn discovery_document_of_another_issuer_is_refused() -> Result<()> {
    let key = SigningKey::p256("1")?;
    let issuer = Issuer::start(Serving::keys(&[&key])).await?;
    for document in [
        json!({"issuer": "https://elsewhere.example", "jwks_uri": issuer.url()}),
        json!({"issuer": format!("{}/", issuer.name()), "jwks_uri": issuer.url()}),
        json!({"issuer": issuer.name()}),
        json!({"issuer": issuer.name(), "jwks_uri": "http://elsewhere.example/jwks"}),
        json!({"issuer": issuer.name(), "jwks_uri": ["a"]}),
        json!([]),
    ] {
        issuer.describe(document.clone());
        let app = discovering(&issuer).await?;
        assert_eq!(status_for(&app, issuer.name(), &key).await?, "503 SERVICE_UNAVAILABLE", "{document}");
    }
    assert_eq!(issuer.asked(), 0);
    Ok(())
}

#[tokio::test]
async fn secret_and_key_set_verify_side_by_side() -> Result<()> {
    let secret = "a secret of an issuer that moves away from it";
    let (old, new) = (SigningKey::secret("old", secret.as_bytes()), SigningKey::p256("new")?);
    let public = SigningKey::secret("new", jwks(&[&new]).to_string().as_bytes());
    let set = jwks(&[&new]).to_string();
    let app = App::specimens(&[("AUTH_JWT_SECRET", secret), ("AUTH_JWKS", &set)]).await?;
    assert_eq!(status(&app, &old).await?, "200");
    assert_eq!(status(&app, &new).await?, "200");
    assert_eq!(status(&app, &public).await?, "401 UNAUTHORIZED");
    Ok(())
}

#[tokio::test]
async fn previous_secret_remains_valid_during_rotation() -> Result<()> {
    let (before, after) = ("the secret as it was before the change", "the secret as it is after the change");
    let (old, new) = (SigningKey::secret("1", before.as_bytes()), SigningKey::secret("1", after.as_bytes()));
    let app = App::specimens(&[("AUTH_JWT_SECRET", after), ("AUTH_JWT_SECRET_PREVIOUS", before)]).await?;
    assert_eq!((status(&app, &old).await?, status(&app, &new).await?), ("200".into(), "200".into()));
    let app = App::specimens(&[("AUTH_JWT_SECRET", after)]).await?;
    assert_eq!(status(&app, &old).await?, "401 UNAUTHORIZED");
    Ok(())
}

#[tokio::test]
async fn refusal_reason_is_only_in_the_log() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let key = SigningKey::secret("1", local::token::DEVELOPMENT_SECRET.as_bytes());
    let mut bodies = Vec::new();
    for (claim, value) in [("iss", json!("https://elsewhere.example")), ("aud", json!([])), ("exp", json!(1))]
    {
        let mut claims = claims("alice", &["acme"]);
        claims[claim] = value;
        let response = app.client.get(&notes("acme")).bearer(&key.token(&claims)?).send().await?;
        assert_eq!(response.status_and_code(), "401 UNAUTHORIZED");
        bodies.push(response.body);
        let line = app.stack.log_with("specimens", &format!("\"refused\":\"{claim}\"")).await;
        assert!(line.is_some_and(|line| line.contains("\"status\":401")), "{claim}");
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "the response gives no reason");
    Ok(())
}

#[tokio::test]
async fn each_listed_audience_is_accepted() -> Result<()> {
    let app = App::specimens(&[("AUTH_AUDIENCE", "web, mobile")]).await?;
    let key = SigningKey::secret("1", local::token::DEVELOPMENT_SECRET.as_bytes());
    for (name, client, status_and_code) in [
        ("aud", "web", "200"),
        ("aud", "mobile", "200"),
        ("client_id", "mobile", "200"),
        ("azp", "web", "200"),
        ("aud", "web, mobile", "401 UNAUTHORIZED"),
        ("client_id", "desktop", "401 UNAUTHORIZED"),
    ] {
        let mut claims = claims("alice", &["acme"]);
        claims.as_object_mut().map(|claims| claims.remove("aud"));
        claims[name] = client.into();
        let response = app.client.get(&notes("acme")).bearer(&key.token(&claims)?).send().await?;
        assert_eq!(response.status_and_code(), status_and_code, "{name}: {client}");
    }
    Ok(())
}
