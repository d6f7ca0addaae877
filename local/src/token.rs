//! Development tokens: signed as an issuer would sign them, with a key that everyone can read here.
//! What must stay out: verification, which is the functions' business alone.

use crate::{clock, environment::Variables};
use anyhow::{Context, Result};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde::Serialize;
use std::time::Duration;

/// The key of development tokens, unless the developer names another one.
pub const DEVELOPMENT_SECRET: &str = "local-development-key-do-not-use-in-production";
/// The issuer that development tokens name.
pub const DEVELOPMENT_ISSUER: &str = "https://auth.localhost";
/// The audience that development tokens name.
pub const DEVELOPMENT_AUDIENCE: &str = "projects-api";
/// How long a token lasts when nobody says otherwise: a working day.
pub const DEFAULT_LIFETIME: Duration = Duration::from_hours(8);

/// Who signs, and for whom.
#[derive(Debug, Clone)]
pub struct Issuer {
    secret: String,
    name: String,
    audience: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: &'a str,
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    organizations: &'a [String],
}

impl Issuer {
    /// The issuer that functions with these `variables` trust, or `None` when they trust public keys of somebody else:
    /// such tokens can't be made here.
    #[must_use]
    pub fn trusted_by(variables: &Variables) -> Option<Self> {
        let value =
            |name: &str, default: &str| variables.get(name).map_or(default, String::as_str).to_owned();
        let elsewhere = ["AUTH_JWKS", "AUTH_JWKS_URL"].iter().any(|name| variables.contains_key(*name));
        (!elsewhere || variables.contains_key("AUTH_JWT_SECRET")).then(|| Self {
            secret: value("AUTH_JWT_SECRET", DEVELOPMENT_SECRET),
            name: value("AUTH_ISSUER", DEVELOPMENT_ISSUER),
            audience: value("AUTH_AUDIENCE", DEVELOPMENT_AUDIENCE),
        })
    }

    /// A token for `user`, a member of `organizations`, that expires after `lifetime`.
    ///
    /// # Errors
    /// When the claims can't be signed, which no input is known to cause.
    pub fn token(&self, user: &str, organizations: &[String], lifetime: Duration) -> Result<String> {
        let issued = clock::now().as_second();
        let claims = Claims {
            sub: user,
            iss: &self.name,
            aud: &self.audience,
            iat: issued,
            exp: issued.saturating_add_unsigned(lifetime.as_secs()),
            organizations,
        };
        let key = EncodingKey::from_secret(self.secret.as_bytes());
        encode(&Header::default(), &claims, &key).context("can't sign the token")
    }
}
