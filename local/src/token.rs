//! Development tokens: signed as an issuer would sign them, with a key that everyone can read here.
//! What must stay out: verification, which is the functions' business alone.

use std::time::Duration;

use anyhow::{Context, Result};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::{clock, environment::Variables};

/// The key of development tokens, unless the developer names another one.
pub const DEVELOPMENT_SECRET: &str = "local-development-key-do-not-use-in-production";
/// The issuer that development tokens name.
pub const DEVELOPMENT_ISSUER: &str = "https://auth.localhost";
/// The audience that development tokens name.
pub const DEVELOPMENT_AUDIENCE: &str = "projects-api";
/// The claim of the roles in development tokens.
pub const DEVELOPMENT_ROLES_CLAIM: &str = "roles";
/// How long a token lasts when nobody says otherwise: a working day.
pub const DEFAULT_LIFETIME: Duration = Duration::from_hours(8);

/// Who signs, and for whom.
#[derive(Debug, Clone)]
pub struct Issuer {
    secret: String,
    name: String,
    audience: String,
    organizations: String,
    roles: String,
}

/// Variables that give functions keys of somebody else.
const OTHER_KEYS: [&str; 3] = ["AUTH_JWT_SECRET", "AUTH_JWKS", "AUTH_JWKS_URL"];

/// Stands in an issuer's name for the token's own `tid`.
const TENANT_ID: &str = "{tenantid}";

/// Returns `true` if functions with these `variables` trust the development key: nothing else gives them keys, not even
/// an issuer that could be asked for its own.
#[must_use]
pub fn development_key_applies(variables: &Variables) -> bool {
    let set = |name: &str| variables.get(name).filter(|value| !value.is_empty());
    OTHER_KEYS.iter().all(|name| set(name).is_none())
        && set("AUTH_ISSUER").is_none_or(|issuer| issuer == DEVELOPMENT_ISSUER)
}

impl Issuer {
    /// The issuer whose secret functions with these `variables` trust, or `None` when they only trust public keys of
    /// somebody else: such tokens can't be made here.
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

    /// A token for `user`, a member of `organizations` with `roles` in all of them, that expires after `lifetime`.
    ///
    /// # Errors
    /// When the claims can't be signed, which no input is known to cause.
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
        place(&mut claims, &self.organizations, organizations);
        if !roles.is_empty() {
            place(&mut claims, &self.roles, roles);
        }
        if self.name.contains(TENANT_ID) {
            // Text, even where it is the organizations' claim: a token is of one tenant.
            claims["tid"] = tenant.into();
        }
        let key = EncodingKey::from_secret(self.secret.as_bytes());
        encode(&Header::default(), &claims, &key).context("can't sign the token")
    }
}

/// Puts names where the functions look for them: in a claim, or where a JSON Pointer leads.
fn place(claims: &mut Value, claim: &str, values: &[String]) {
    let names: Vec<_> = match claim.strip_prefix('/') {
        Some(pointer) => pointer.split('/').map(|name| name.replace("~1", "/").replace("~0", "~")).collect(),
        None => vec![claim.to_owned()],
    };
    let mut place = claims;
    for name in names {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[name];
    }
    *place = values.into();
}
