//! Development tokens, signed like an issuer's, with a published key.

use std::time::Duration;

use anyhow::{Context, Result};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::{clock, environment::Variables};

/// Default key of development tokens.
pub const DEVELOPMENT_SECRET: &str = "local-development-key-do-not-use-in-production";
/// Default issuer of development tokens.
pub const DEVELOPMENT_ISSUER: &str = "https://auth.localhost";
/// Default audience of development tokens.
pub const DEVELOPMENT_AUDIENCE: &str = "projects-api";
/// Default claim of the roles in development tokens.
pub const DEVELOPMENT_ROLES_CLAIM: &str = "roles";
/// Default lifetime of a token: a working day.
pub const DEFAULT_LIFETIME: Duration = Duration::from_hours(8);

/// Signer of tokens: its key, and the claims that it sets.
#[derive(Debug, Clone)]
pub struct Issuer {
    secret: String,
    name: String,
    audience: String,
    organizations: String,
    roles: String,
}

/// Variables that replace the development key.
const OTHER_KEYS: [&str; 3] = ["AUTH_JWT_SECRET", "AUTH_JWKS", "AUTH_JWKS_URL"];

/// Placeholder in an issuer's name for the token's `tid`.
const TENANT_ID: &str = "{tenantid}";

/// Returns `true` if functions with these `variables` trust the development key: they have no other keys, and no issuer
/// whose keys they could fetch.
#[must_use]
pub fn development_key_applies(variables: &Variables) -> bool {
    let set = |name: &str| variables.get(name).filter(|value| !value.is_empty());
    OTHER_KEYS.iter().all(|name| set(name).is_none())
        && set("AUTH_ISSUER").is_none_or(|issuer| issuer == DEVELOPMENT_ISSUER)
}

impl Issuer {
    /// Returns the issuer that functions with these `variables` trust; `None` if they trust only the public keys of an
    /// external one.
    #[must_use]
    pub fn trusted_by(variables: &Variables) -> Option<Self> {
        let value = |name: &str, default: &str| {
            let set = variables.get(name).filter(|value| !value.is_empty());
            set.map_or(default, String::as_str).to_owned()
        };
        let development = if development_key_applies(variables) { DEVELOPMENT_SECRET } else { "" };
        let secret = Some(value("AUTH_JWT_SECRET", development)).filter(|secret| !secret.is_empty())?;
        let audiences = value("AUTH_AUDIENCE", DEVELOPMENT_AUDIENCE);
        Some(Self {
            secret,
            name: value("AUTH_ISSUER", DEVELOPMENT_ISSUER),
            audience: audiences.split(',').next().unwrap_or_default().trim().to_owned(),
            organizations: value("AUTH_ORGANIZATIONS_CLAIM", "organizations"),
            roles: value("AUTH_ROLES_CLAIM", DEVELOPMENT_ROLES_CLAIM),
        })
    }

    /// Creates a token for `user`, a member of `organizations` with `roles` in all of them, that expires after `lifetime`.
    ///
    /// # Errors
    /// When signing fails, which no known input causes.
    pub fn token(
        &self,
        user: &str,
        organizations: &[String],
        roles: &[String],
        lifetime: Duration,
    ) -> Result<String> {
        let issued = clock::now().as_second();
        let tenant = organizations.first().map_or("development", String::as_str);
        let mut claims = json!({
            "sub": user,
            "iss": self.name.replace(TENANT_ID, tenant),
            "aud": self.audience,
            "iat": issued,
            "exp": issued.saturating_add_unsigned(lifetime.as_secs()),
        });
        insert_claim(&mut claims, &self.organizations, organizations);
        if !roles.is_empty() {
            insert_claim(&mut claims, &self.roles, roles);
        }
        if self.name.contains(TENANT_ID) {
            // A string even if `tid` is also the organizations' claim, because a token has one tenant.
            claims["tid"] = tenant.into();
        }
        let key = EncodingKey::from_secret(self.secret.as_bytes());
        encode(&Header::default(), &claims, &key).context("can't sign the token")
    }
}

/// Inserts values at a claim, given by its name or as a JSON Pointer.
fn insert_claim(claims: &mut Value, claim: &str, values: &[String]) {
    let names: Vec<_> = match claim.strip_prefix('/') {
        Some(pointer) => pointer.split('/').map(|name| name.replace("~1", "/").replace("~0", "~")).collect(),
        None => vec![claim.to_owned()],
    };
    let mut target = claims;
    for name in names {
        if !target.is_object() {
            *target = json!({});
        }
        target = &mut target[name];
    }
    *target = values.into();
}
