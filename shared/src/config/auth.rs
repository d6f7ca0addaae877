//! Settings of authentication: issuer, keys, audience and claims.

mod keys;

use std::str::FromStr;

use serde_json::Value;

pub use self::keys::{Discovery, KeySetSource, KeySources, key_set_url};
use super::{Env, digits};
use crate::domain::ParseError;

/// Value of `AUTH_AUDIENCE` that accepts tokens without an audience.
const ANY_AUDIENCE: &str = "*";

/// Placeholder in `AUTH_ISSUER` for the token's `tid`, as in the discovery documents of Microsoft Entra.
pub const TENANT_ID: &str = "{tenantid}";

/// Settings of authentication.
#[derive(Debug)]
pub struct AuthSettings {
    /// Keys that tokens are verified with.
    pub keys: KeySources,
    /// `AUTH_ISSUER`: the value of `iss`, perhaps with the placeholder [`TENANT_ID`].
    pub issuer: String,
    /// `AUTH_AUDIENCE`: the accepted audiences.
    pub audience: Audience,
    /// `AUTH_ORGANIZATIONS_CLAIM`: the claim that holds the caller's organizations.
    pub organizations: ClaimPath,
    /// `AUTH_ROLES_CLAIM`: the claim that holds the caller's roles in all of these organizations.
    pub roles: Option<ClaimPath>,
    /// `AUTH_COOKIE`: the cookie that carries the token.
    pub cookie: String,
    /// `AUTH_LEEWAY_SECONDS`: seconds, 0 to 300, by which the clocks of issuer and service may differ.
    pub leeway: u32,
}

/// Accepted audiences of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Any, or none.
    Any,
    /// One of these.
    OneOf(Vec<String>),
}

/// Path of a claim in a token's claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimPath {
    /// Name of a claim, with any characters, such as `https://example.com/orgs`.
    Name(String),
    /// A JSON Pointer (RFC 6901), such as `/o/id`.
    Pointer(String),
}

impl AuthSettings {
    pub(super) fn from_env(env: &Env<'_>) -> Option<Self> {
        let issuer = env.required("AUTH_ISSUER");
        let keys = KeySources::from_env(env, issuer.as_deref());
        let audience = env.required("AUTH_AUDIENCE").and_then(|_| env.parsed("AUTH_AUDIENCE", ""));
        let organizations = env.parsed("AUTH_ORGANIZATIONS_CLAIM", "organizations");
        let roles = env.parsed_with("AUTH_ROLES_CLAIM", "", optional_claim);
        let cookie = env.parsed_with("AUTH_COOKIE", "auth", cookie_name);
        let leeway = env.parsed_with("AUTH_LEEWAY_SECONDS", "5", leeway_seconds);
        Some(Self {
            keys: keys?,
            issuer: issuer?,
            audience: audience?,
            organizations: organizations?,
            roles: roles?,
            cookie: cookie?,
            leeway: leeway?,
        })
    }
}

impl FromStr for Audience {
    type Err = ParseError;

    fn from_str(list: &str) -> Result<Self, ParseError> {
        let audiences: Vec<_> =
            list.split(',').map(str::trim).filter(|one| !one.is_empty()).map(str::to_owned).collect();
        match audiences.as_slice() {
            [] => Err(ParseError::new("must be a comma-separated list of audiences, or * for none")),
            [one] if one == ANY_AUDIENCE => Ok(Self::Any),
            several if several.iter().any(|one| one == ANY_AUDIENCE) => {
                Err(ParseError::new("must be * alone, or audiences without it"))
            }
            _ => Ok(Self::OneOf(audiences)),
        }
    }
}

impl Audience {
    /// Returns `true` if `audience` is accepted.
    #[must_use]
    pub fn contains(&self, audience: &str) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(audiences) => audiences.iter().any(|one| one == audience),
        }
    }
}

impl FromStr for ClaimPath {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        if !text.starts_with('/') {
            return Ok(Self::Name(text.to_owned()));
        }
        // RFC 6901, section 3: a tilde occurs only as ~0 or ~1.
        let is_pointer = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        is_pointer
            .then(|| Self::Pointer(text.to_owned()))
            .ok_or_else(|| ParseError::new("must be a claim's name or a JSON Pointer"))
    }
}

impl ClaimPath {
    /// Returns the claim, or `None` if there is none.
    #[must_use]
    pub fn find<'c>(&self, claims: &'c Value) -> Option<&'c Value> {
        match self {
            Self::Name(name) => claims.get(name),
            Self::Pointer(pointer) => claims.pointer(pointer),
        }
    }
}

fn optional_claim(text: &str) -> Result<Option<ClaimPath>, ParseError> {
    (!text.is_empty()).then(|| text.parse()).transpose()
}

/// Checks that a cookie's name is a token (RFC 6265, section 4.1.1).
fn cookie_name(text: &str) -> Result<String, ParseError> {
    let is_token = |byte: u8| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&byte);
    let fits = !text.is_empty() && text.bytes().all(is_token);
    fits.then(|| text.to_owned()).ok_or_else(|| ParseError::new("must be a cookie name"))
}

fn leeway_seconds(text: &str) -> Result<u32, ParseError> {
    let seconds = digits(text).and_then(|seconds| seconds.try_into().ok());
    seconds
        .filter(|seconds| *seconds <= 300)
        .ok_or_else(|| ParseError::new("must be a number of seconds from 0 to 300"))
}
