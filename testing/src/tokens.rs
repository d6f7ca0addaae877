//! Tokens that no honest issuer makes. What must stay out: what the service thinks of them.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use local::clock;
use local::token::{DEVELOPMENT_AUDIENCE, DEVELOPMENT_ISSUER, DEVELOPMENT_SECRET};
use serde_json::{Value, json};

/// The claims of a token that the service accepts for an hour, of `user` as a member of `organizations`.
#[must_use]
pub fn claims(user: &str, organizations: &[&str]) -> Value {
    json!({
        "sub": user, "iss": DEVELOPMENT_ISSUER, "aud": DEVELOPMENT_AUDIENCE, "organizations": organizations,
        "exp": in_seconds(3600),
    })
}

/// The Unix time in so many seconds.
#[must_use]
pub fn in_seconds(seconds: i64) -> i64 {
    clock::now().as_second() + seconds
}

/// A token with this header and these claims, signed with the development key (HS256) whatever the header says.
///
/// # Errors
/// When it can't be signed.
pub fn signed(header: &Value, claims: &Value) -> Result<String> {
    let [header, claims] = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
    let message = format!("{header}.{claims}");
    let key = EncodingKey::from_secret(DEVELOPMENT_SECRET.as_bytes());
    let signature =
        crypto::sign(message.as_bytes(), &key, Algorithm::HS256).context("can't sign the token")?;
    Ok(format!("{message}.{signature}"))
}
