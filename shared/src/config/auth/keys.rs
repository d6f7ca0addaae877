//! Sources of keys that verify tokens: secrets, and one JWK set, which is inline, at a URL or discovered.

use std::fmt;
use std::net::IpAddr;

use http::Uri;
use http::uri::Authority;

use super::TENANT_ID;
use crate::config::{Env, is_http, secrets};
use crate::domain::ParseError;
use crate::domain::keys::KeySet;

const SECRET: &str = "AUTH_JWT_SECRET";
const PREVIOUS: &str = "AUTH_JWT_SECRET_PREVIOUS";
const SET: &str = "AUTH_JWKS";
const URL: &str = "AUTH_JWKS_URL";
const ISSUER: &str = "AUTH_ISSUER";

/// Sources of keys. HS256 uses the secrets, all other algorithms use the set.
pub struct KeySources {
    /// `AUTH_JWT_SECRET` and `AUTH_JWT_SECRET_PREVIOUS`: HS256 keys of at least 32 bytes each.
    pub secrets: Vec<Vec<u8>>,
    /// JWK set; `None` if there are only secrets.
    pub set: Option<KeySetSource>,
}

impl fmt::Debug for KeySources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySources").field("secrets", &self.secrets.len()).field("set", &self.set).finish()
    }
}

/// Source of a JWK set.
pub enum KeySetSource {
    /// `AUTH_JWKS`: the set itself.
    Inline(KeySet),
    /// `AUTH_JWKS_URL`: the URL where the issuer serves it.
    Url(Uri),
    /// `AUTH_ISSUER` alone: the issuer's discovery document has the URL.
    Discovery(Discovery),
}

/// Without the URL's path and query, because they may contain a secret.
impl fmt::Debug for KeySetSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(set) => f.debug_tuple("Inline").field(set).finish(),
            Self::Url(url) => f.debug_tuple("Url").field(&url.host()).finish(),
            Self::Discovery(discovery) => f.debug_tuple("Discovery").field(discovery).finish(),
        }
    }
}

/// Discovery of a JWK set (`OpenID` Connect Discovery 1.0).
#[derive(Debug)]
pub struct Discovery {
    /// Required `issuer` of the document.
    pub issuer: String,
    /// URL of the document (section 4).
    pub document: Uri,
}

impl KeySources {
    pub(super) fn from_env(env: &Env<'_>, issuer: Option<&str>) -> Option<Self> {
        let secrets = secrets::read(env, SECRET, PREVIOUS);
        let set = match (env.get(SET), env.get(URL)) {
            (None, None) if env.get(SECRET).is_some() => Some(None),
            (None, None) => discovery(env, issuer).map(KeySetSource::Discovery).map(Some),
            (Some(_), None) => env.parsed(SET, "").map(KeySetSource::Inline).map(Some),
            (None, Some(_)) => env.parsed_with(URL, "", key_set_url).map(KeySetSource::Url).map(Some),
            (Some(_), Some(_)) => {
                env.problem(SET, format!("can't be set together with {URL}"));
                None
            }
        };
        Some(Self { secrets: secrets?, set: set? })
    }
}

/// Returns the discovery of an issuer that is an https URL.
fn discovery(env: &Env<'_>, issuer: Option<&str>) -> Option<Discovery> {
    let report = |problem: &str| {
        env.problem(SECRET, format!("is not set, nor is {SET} or {URL}, and {ISSUER} {problem}"));
    };
    let Some(issuer) = issuer else {
        report("is not set either, so its keys can't be discovered");
        return None;
    };
    if issuer.contains(TENANT_ID) {
        report("has a placeholder, so keys can't be discovered");
        return None;
    }
    // Section 4: a slash at the end is removed first.
    let document = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    match key_set_url(&document) {
        Ok(document) if !issuer.contains(['?', '#']) => {
            Some(Discovery { issuer: issuer.to_owned(), document })
        }
        _ => {
            report("is not an https URL, so its keys can't be discovered");
            None
        }
    }
}

/// Parses the URL of an issuer's keys. Only loopback hosts may serve keys without TLS, because an attacker on the network
/// could replace them.
///
/// # Errors
///
/// If it is another URL, or has user information in its authority (RFC 3986, section 3.2.1).
pub fn key_set_url(text: &str) -> Result<Uri, ParseError> {
    let url: Option<Uri> = text.parse().ok().filter(|_| is_http(text));
    let host = url.as_ref().and_then(Uri::host).unwrap_or_default();
    let safe = url.as_ref().and_then(Uri::scheme_str) == Some("https") || is_loopback(host);
    let form = "must be an https URL, or an http one of this machine (localhost, 127.0.0.1, [::1])";
    url.filter(|url| url.authority().is_some_and(is_host_and_port))
        .filter(|_| safe)
        .ok_or_else(|| ParseError::new(form))
}

/// Returns `true` for a host, or a host with a colon and a port.
fn is_host_and_port(authority: &Authority) -> bool {
    let (host, port) = (authority.host(), authority.port_u16());
    let rest = authority.as_str().strip_prefix(host);
    !host.is_empty() && rest.is_some_and(|rest| rest.is_empty() || port.is_some())
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}
