//! Invalid settings, which prevent a function from starting.

use anyhow::Result;
use local::stack::{Options, Stack};
use testing::{App, SigningKey, jwks, notes, specimen_options};

/// Starts a function with these variables and returns its error, or an empty string.
async fn refusal(variables: &[(&str, &str)]) -> Result<String> {
    // This function reads all settings.
    let only = Some("UploadFile".to_owned());
    let options = Options { prewarm: true, only, ..specimen_options(variables)? };
    Ok(Stack::start(options).await.err().map_or_else(String::new, |error| format!("{error:#}")))
}

#[tokio::test]
async fn invalid_setting_is_named() -> Result<()> {
    for (name, values) in [
        ("AUTH_JWT_SECRET", &["only-31-bytes-are-one-too-few-.", "short"][..]),
        ("AUTH_JWKS", &["{}", "{\"keys\":[]}", "https://login.example.com/keys"]),
        ("AUTH_JWKS_URL", &["http://login.example.com/keys", "login.example.com", "file:///keys"]),
        ("AUTH_JWT_SECRET_PREVIOUS", &["short"]),
        ("AUTH_ISSUER", &["", "http://login.example.com", "accounts.google.com"]),
        ("AUTH_AUDIENCE", &["", "*,notes"]),
        ("AUTH_ORGANIZATIONS_CLAIM", &["/o~id"]),
        ("AUTH_ROLES_CLAIM", &["/o~rol"]),
        ("AUTH_COOKIE", &["a b", "a=b"]),
        ("AUTH_LEEWAY_SECONDS", &["-1", "soon"]),
        ("RATE_LIMIT", &["10", "0/10s", "10/0s", "ten/10s", "10/10m"]),
        ("RATE_LIMIT_ON_ERROR", &["maybe", "ALLOW"]),
        ("ORIGIN_SECRET", &["only-31-bytes-are-one-too-few-.", "spaces are not allowed in this secret"]),
        ("ORIGIN_SECRET_PREVIOUS", &["exactly-32-bytes-are-long-enough"]),
        (
            "TRUSTED_ORIGINS",
            &["app.example.com", "https://app.example.com/path", "*", "https://app.example.com:*"],
        ),
        ("UPLOAD_MAX_BYTES", &["0", "-1", "4MiB", "6000000"]),
        ("UPLOAD_ALLOWED_TYPES", &[",", "image/*", "application/x-unknown"]),
        ("LOG_LEVEL", &["loud", "5"]),
        ("AWS_CA_BUNDLE", &["/no/such/file.pem", "/dev/null"]),
    ] {
        for value in values {
            let refusal = refusal(&[(name, value)]).await?;
            assert!(refusal.contains(name), "{name}={value:?} gives {refusal:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn all_invalid_settings_are_named_together() -> Result<()> {
    let refusal = refusal(&[("RATE_LIMIT", "much"), ("AUTH_COOKIE", "a b"), ("AUTH_ISSUER", "")]).await?;
    assert!(
        ["RATE_LIMIT", "AUTH_COOKIE", "AUTH_ISSUER"].iter().all(|name| refusal.contains(name)),
        "{refusal}"
    );
    Ok(())
}

#[tokio::test]
async fn shortest_secret_and_empty_settings_are_accepted() -> Result<()> {
    let variables = [
        ("AUTH_JWT_SECRET", "exactly-32-bytes-are-long-enough"),
        ("AUTH_COOKIE", ""),
        ("RATE_LIMIT", ""),
        ("TRUSTED_ORIGINS", ""),
        ("UPLOAD_ALLOWED_TYPES", ""),
    ];
    assert_eq!(refusal(&variables).await?, "");
    Ok(())
}

#[tokio::test]
async fn two_key_sets_are_refused() -> Result<()> {
    let set = jwks(&[&SigningKey::ed25519("1")?]).to_string();
    let secret = ("AUTH_JWT_SECRET", "exactly-32-bytes-are-long-enough");
    let (set, url) = (("AUTH_JWKS", set.as_str()), ("AUTH_JWKS_URL", "http://127.0.0.1:9/keys"));
    let refused = refusal(&[set, url]).await?;
    assert!(refused.contains("AUTH_JWKS can't be set together with AUTH_JWKS_URL"), "{refused}");
    // Other combinations are valid, even if the issuer is unreachable.
    let issuer = ("AUTH_ISSUER", "http://127.0.0.1:9");
    for keys in [&[secret][..], &[set], &[url], &[issuer], &[secret, set], &[secret, url]] {
        assert_eq!(refusal(keys).await?, "", "{keys:?}");
    }
    Ok(())
}

#[tokio::test]
async fn trace_log_contains_no_token_or_body() -> Result<()> {
    let app = App::specimens(&[("LOG_LEVEL", "trace")]).await?;
    let token = app.token("alice", &["acme"]);
    let body = serde_json::json!({"name": "Apollo", "text": "a-secret-plan"});
    for request in
        [app.client.post(&notes("acme")).bearer(&token), app.client.post(&notes("acme")).cookie(&token)]
    {
        request.json(&body).send().await?;
    }
    assert!(app.stack.log_with("specimens", "\"status\":409").await.is_some());
    let log = app.stack.logs("specimens").join("\n");
    for secret in [token.as_str(), "a-secret-plan", "do-not-use-in-production"] {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
    Ok(())
}
