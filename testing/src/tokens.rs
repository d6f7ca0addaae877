//! Crafted tokens, signed with the development key.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use local::clock;
use local::token::{DEVELOPMENT_AUDIENCE, DEVELOPMENT_ISSUER, DEVELOPMENT_SECRET};
use serde_json::{Value, json};

/// Returns claims of `user`, a member of `organizations`, that the service accepts for an hour.
#[must_use]
pub fn claims(user: &str, organizations: &[&str]) -> Value {
    json!({
        "sub": user, "iss": DEVELOPMENT_ISSUER, "aud": DEVELOPMENT_AUDIENCE, "organizations": organizations,
        "exp": in_seconds(3600),
    })
}

/// Returns the Unix time in so many seconds.
#[must_use]
pub fn in_seconds(seconds: i64) -> i64 {
    clock::now().as_second() + seconds
}

/// Signs a token with the development key and HS256, even if the header names another algorithm.
///
/// # Errors
/// The token can't be signed.
pub fn signed(header: &Value, claims: &Value) -> Result<String> {
    let [header, claims] = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
    let message = format!("{header}.{claims}");
    let key = EncodingKey::from_secret(DEVELOPMENT_SECRET.as_bytes());
    let signature =
        crypto::sign(message.as_bytes(), &key, Algorithm::HS256).context("can't sign the token")?;
    Ok(format!("{message}.{signature}"))
}
