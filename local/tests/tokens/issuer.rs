//! Keys that an issuer serves (`AUTH_JWKS_URL`): fetched, kept, looked up anew, and what holds while it is down.

use anyhow::Result;
use local::testing::{App, Issuer, Serving, SigningKey, at_once, claims, jwks, projects};
use serde_json::json;

/// A service that trusts an issuer, of one environment for each function that is called once at a time.
async fn app(issuer: &Issuer) -> Result<App> {
    App::start(&[("AUTH_JWKS_URL", issuer.url())]).await
}

/// The answer to Alice with a token that this key signs.
async fn answer(app: &App, key: &SigningKey) -> Result<String> {
    let token = key.token(&claims("alice", &["acme"]))?;
    let answer = app.client.get(&projects("acme")).bearer(&token).send().await?;
    if answer.status == 503 {
        assert!(!answer.header("retry-after").is_empty());
    }
    Ok(answer.verdict())
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
        let draft = app.client.get(&projects("acme")).bearer(&stranger.token(&claims)?);
        assert_eq!(draft.send().await?.verdict(), "401 UNAUTHORIZED");
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
        assert_eq!(app.client.get(&projects("acme")).send().await?.verdict(), "401 UNAUTHORIZED");
        let unsigned = SigningKey::secret("1", b"a secret").token(&claims("alice", &["acme"]))?;
        let unsigned = app.client.get(&projects("acme")).bearer(&unsigned);
        assert_eq!(unsigned.send().await?.verdict(), "401 UNAUTHORIZED");
        issuer.serve(Serving::keys(&[&key]));
        // A new environment asks at once, this one after a second.
        let other = App::start(&[("AUTH_JWKS_URL", issuer.url())]).await?;
        assert_eq!(answer(&other, &key).await?, "200", "{down:?}");
    }
    Ok(())
}

#[tokio::test]
async fn while_there_are_no_keys_nobody_is_counted_and_the_issuer_is_not_flooded() -> Result<()> {
    let key = SigningKey::ed25519("1")?;
    let issuer = Issuer::start(Serving::Text(500, String::new())).await?;
    let app = App::start(&[("AUTH_JWKS_URL", issuer.url()), ("RATE_LIMIT", "5/86400s")]).await?;
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
    let issuer = Issuer::start(Serving::Redirect(elsewhere.url().to_owned())).await?;
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
        let drafts = (0..20).map(|_| app.client.get(&projects("acme")).bearer(&token));
        assert!(at_once(drafts).await?.iter().all(|answer| answer.status == 200));
    }
    // The stack has as many environments as requests came at once, at most.
    assert!(issuer.asked() <= 20, "{} fetches", issuer.asked());
    Ok(())
}
