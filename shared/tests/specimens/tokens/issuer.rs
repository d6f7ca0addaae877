//! Keys that an issuer serves (`AUTH_JWKS_URL`): fetched, kept, looked up anew, and what holds while it is down.

use anyhow::Result;
use serde_json::json;
use testing::{App, Issuer, Serving, SigningKey, TlsProxy, claims, jwks, notes, send_concurrently};

/// A service that trusts an issuer, of one environment for each function that is called once at a time.
async fn app(issuer: &Issuer) -> Result<App> {
    App::specimens(&[("AUTH_JWKS_URL", &issuer.url())]).await
}

/// The answer to Alice with a token that this key signs.
async fn answer(app: &App, key: &SigningKey) -> Result<String> {
    let token = key.token(&claims("alice", &["acme"]))?;
    let answer = app.client.get(&notes("acme")).bearer(&token).send().await?;
    if answer.status == 503 {
        assert!(!answer.header("retry-after").is_empty());
    }
    Ok(answer.status_and_code())
}

#[tokio::test]
async fn tokens_of_an_issuer_that_serves_its_keys_are_taken_and_it_is_asked_once() -> Result<()> {
    let keys = [SigningKey::rsa("1")?, SigningKey::p256("2")?, SigningKey::ed25519("3")?];
    let issuer = Issuer::start(Serving::keys(&keys.each_ref())).await?;
    let app = app(&issuer).await?;
    for key in keys.iter().chain(&keys) {
        assert_eq!(answer(&app, key).await?, "200");
    }
    assert_eq!(issuer.asked(), 1);
    Ok(())
}

#[tokio::test]
async fn a_rotated_key_is_found_at_once_and_made_up_ones_ask_no_more() -> Result<()> {
    let (old, new) = (SigningKey::p256("old")?, SigningKey::p256("new")?);
    let issuer = Issuer::start(Serving::keys(&[&old])).await?;
    let app = app(&issuer).await?;
    assert_eq!(answer(&app, &old).await?, "200");
    issuer.serve(Serving::keys(&[&new, &old]));
    assert_eq!(answer(&app, &new).await?, "200");
    assert_eq!(answer(&app, &old).await?, "200");
    for made_up in ["a", "b", "c"] {
        assert_eq!(answer(&app, &SigningKey::p256(made_up)?).await?, "401 UNAUTHORIZED");
    }
    assert_eq!(issuer.asked(), 2);
    Ok(())
}

#[tokio::test]
async fn a_token_that_can_t_be_good_makes_nobody_ask_the_issuer() -> Result<()> {
    let (known, stranger) = (SigningKey::p256("known")?, SigningKey::p256("stranger")?);
    let issuer = Issuer::start(Serving::keys(&[&known])).await?;
    let app = app(&issuer).await?;
    assert_eq!(answer(&app, &known).await?, "200");
    let mut over = claims("alice", &["acme"]);
    over["exp"] = 1.into();
    let mut elsewhere = claims("alice", &["acme"]);
    elsewhere["iss"] = "https://elsewhere.example".into();
    for claims in [over, elsewhere] {
        let request = app.client.get(&notes("acme")).bearer(&stranger.token(&claims)?);
        assert_eq!(request.send().await?.status_and_code(), "401 UNAUTHORIZED");
    }
    assert_eq!(issuer.asked(), 1);
    Ok(())
}

#[tokio::test]
async fn without_keys_nobody_can_be_told_apart_until_the_issuer_is_back() -> Result<()> {
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
        assert_eq!(answer(&app, &key).await?, "503 SERVICE_UNAVAILABLE", "{down:?}");
        // Whoever sends no token, or one that no public key could have signed, is told so, keys or not.
        assert_eq!(app.client.get(&notes("acme")).send().await?.status_and_code(), "401 UNAUTHORIZED");
        let unsigned = SigningKey::secret("1", b"a secret").token(&claims("alice", &["acme"]))?;
        let unsigned = app.client.get(&notes("acme")).bearer(&unsigned);
        assert_eq!(unsigned.send().await?.status_and_code(), "401 UNAUTHORIZED");
        issuer.serve(Serving::keys(&[&key]));
        // A new environment asks at once, this one after a second.
        let other = App::specimens(&[("AUTH_JWKS_URL", &issuer.url())]).await?;
        assert_eq!(answer(&other, &key).await?, "200", "{down:?}");
    }
    Ok(())
}

#[tokio::test]
async fn while_there_are_no_keys_nobody_is_counted_and_the_issuer_is_not_flooded() -> Result<()> {
    let key = SigningKey::ed25519("1")?;
    let issuer = Issuer::start(Serving::Text(500, String::new())).await?;
    let app = App::specimens(&[("AUTH_JWKS_URL", &issuer.url()), ("RATE_LIMIT", "5/86400s")]).await?;
    for _ in 0..20 {
        assert_eq!(answer(&app, &key).await?, "503 SERVICE_UNAVAILABLE");
    }
    // Some seconds, on a slow machine.
    assert!(issuer.asked() < 10, "{} fetches", issuer.asked());
    assert_eq!(app.rows("RateLimitTable", "").await?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_given_up_in_time() -> Result<()> {
    let key = SigningKey::ed25519("1")?;
    let issuer = Issuer::start(Serving::Silence).await?;
    let app = app(&issuer).await?;
    assert_eq!(answer(&app, &key).await?, "503 SERVICE_UNAVAILABLE");
    Ok(())
}

#[tokio::test]
async fn an_issuer_can_not_send_the_service_elsewhere() -> Result<()> {
    let key = SigningKey::ed25519("1")?;
    let elsewhere = Issuer::start(Serving::keys(&[&key])).await?;
    let issuer = Issuer::start(Serving::Redirect(elsewhere.url())).await?;
    let app = app(&issuer).await?;
    assert_eq!(answer(&app, &key).await?, "503 SERVICE_UNAVAILABLE");
    assert_eq!(elsewhere.asked(), 0);
    Ok(())
}

#[tokio::test]
async fn known_keys_serve_on_while_the_issuer_is_down() -> Result<()> {
    let (known, unknown) = (SigningKey::p256("known")?, SigningKey::p256("unknown")?);
    let issuer = Issuer::start(Serving::keys(&[&known])).await?;
    let app = app(&issuer).await?;
    assert_eq!(answer(&app, &known).await?, "200");
    issuer.serve(Serving::Text(503, String::new()));
    assert_eq!(answer(&app, &unknown).await?, "401 UNAUTHORIZED");
    assert_eq!(answer(&app, &known).await?, "200");
    drop(issuer);
    assert_eq!(answer(&app, &known).await?, "200");
    Ok(())
}

#[tokio::test]
async fn every_environment_asks_once_however_many_requests_come() -> Result<()> {
    let key = SigningKey::p256("1")?;
    let issuer = Issuer::start(Serving::keys(&[&key])).await?;
    let app = app(&issuer).await?;
    let token = key.token(&claims("alice", &["acme"]))?;
    for _ in 0..3 {
        let requests = (0..20).map(|_| app.client.get(&notes("acme")).bearer(&token));
        assert!(send_concurrently(requests).await?.iter().all(|answer| answer.status == 200));
    }
    // The stack has as many environments as requests came at once, at most.
    assert!(issuer.asked() <= 20, "{} fetches", issuer.asked());
    Ok(())
}

#[tokio::test]
async fn every_fetch_has_a_connection_of_its_own() -> Result<()> {
    let (old, new) = (SigningKey::p256("old")?, SigningKey::p256("new")?);
    let issuer = Issuer::start(Serving::keys(&[&old])).await?;
    let front = TlsProxy::start(issuer.name(), None).await?;
    let app = App::specimens(&[("AUTH_JWKS_URL", &format!("{}/jwks", front.url()))]).await?;
    assert_eq!(answer(&app, &old).await?, "200");
    let opened = front.opened();
    issuer.serve(Serving::keys(&[&new]));
    assert_eq!(answer(&app, &new).await?, "200");
    assert_eq!((issuer.asked(), front.opened()), (2, opened + 1));
    Ok(())
}

#[tokio::test]
async fn a_fetch_whose_connection_broke_is_tried_once_more() -> Result<()> {
    let (old, new) = (SigningKey::p256("old")?, SigningKey::p256("new")?);
    let issuer = Issuer::start(Serving::keys(&[&old])).await?;
    let front = TlsProxy::start(issuer.name(), None).await?;
    let app = App::specimens(&[("AUTH_JWKS_URL", &format!("{}/jwks", front.url()))]).await?;
    assert_eq!(answer(&app, &old).await?, "200");
    issuer.serve(Serving::keys(&[&new]));
    front.refuse_next(1);
    assert_eq!(answer(&app, &new).await?, "200");
    Ok(())
}

/// A service that asks this issuer where its keys are.
async fn discovering(issuer: &Issuer) -> Result<App> {
    App::specimens(&[("AUTH_ISSUER", issuer.name())]).await
}

/// The answer to Alice with a token of this issuer.
async fn answer_of(app: &App, issuer: &str, key: &SigningKey) -> Result<String> {
    let mut claims = claims("alice", &["acme"]);
    claims["iss"] = issuer.into();
    Ok(app.client.get(&notes("acme")).bearer(&key.token(&claims)?).send().await?.status_and_code())
}

#[tokio::test]
async fn an_issuer_alone_says_where_its_keys_are() -> Result<()> {
    let key = SigningKey::p384("1")?;
    let issuer = Issuer::start(Serving::keys(&[&key])).await?;
    let app = discovering(&issuer).await?;
    assert_eq!(answer_of(&app, issuer.name(), &key).await?, "200");
    assert_eq!(answer_of(&app, "https://elsewhere.example", &key).await?, "401 UNAUTHORIZED");
    assert_eq!(issuer.asked(), 1);
    Ok(())
}

#[tokio::test]
async fn a_document_of_another_issuer_names_no_keys() -> Result<()> {
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
        assert_eq!(answer_of(&app, issuer.name(), &key).await?, "503 SERVICE_UNAVAILABLE", "{document}");
    }
    assert_eq!(issuer.asked(), 0);
    Ok(())
}

#[tokio::test]
async fn a_secret_and_a_key_set_each_verify_their_own() -> Result<()> {
    let secret = "a secret of an issuer that moves away from it";
    let (old, new) = (SigningKey::secret("old", secret.as_bytes()), SigningKey::p256("new")?);
    let public = SigningKey::secret("new", jwks(&[&new]).to_string().as_bytes());
    let set = jwks(&[&new]).to_string();
    let app = App::specimens(&[("AUTH_JWT_SECRET", secret), ("AUTH_JWKS", &set)]).await?;
    assert_eq!(answer(&app, &old).await?, "200");
    assert_eq!(answer(&app, &new).await?, "200");
    assert_eq!(answer(&app, &public).await?, "401 UNAUTHORIZED");
    Ok(())
}

#[tokio::test]
async fn a_secret_changes_without_signing_anybody_out() -> Result<()> {
    let (before, after) = ("the secret as it was before the change", "the secret as it is after the change");
    let (old, new) = (SigningKey::secret("1", before.as_bytes()), SigningKey::secret("1", after.as_bytes()));
    let app = App::specimens(&[("AUTH_JWT_SECRET", after), ("AUTH_JWT_SECRET_PREVIOUS", before)]).await?;
    assert_eq!((answer(&app, &old).await?, answer(&app, &new).await?), ("200".into(), "200".into()));
    let app = App::specimens(&[("AUTH_JWT_SECRET", after)]).await?;
    assert_eq!(answer(&app, &old).await?, "401 UNAUTHORIZED");
    Ok(())
}

#[tokio::test]
async fn the_log_alone_says_why_a_token_was_refused() -> Result<()> {
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
    assert!(bodies.iter().all(|body| *body == bodies[0]), "callers learn no reason");
    Ok(())
}

#[tokio::test]
async fn each_of_several_clients_gets_in() -> Result<()> {
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
