//! Whose tokens are taken, and the keys that they are verified with.

use std::net::IpAddr;

use http::Uri;

use super::{Env, digits, is_http};
use crate::domain::keys::KeySet;

/// The fewest bytes of an HS256 key (RFC 7518, section 3.2).
const MIN_SECRET_BYTES: usize = 32;

/// How tokens are verified.
pub struct AuthSettings {
    /// The keys of tokens.
    pub keys: KeySource,
    /// What `iss` must be.
    pub issuer: String,
    /// What `aud` must contain.
    pub audience: String,
    /// The cookie that carries the token.
    pub cookie: String,
    /// How many seconds the clocks of issuer and service may differ.
    pub leeway: u64,
}

/// Where the keys are that tokens are verified with.
pub enum KeySource {
    /// `AUTH_JWT_SECRET`: the HS256 key, at least 32 bytes.
    Secret(Vec<u8>),
    /// `AUTH_JWKS`: a JWK set.
    Set(KeySet),
    /// `AUTH_JWKS_URL`: where the issuer serves a JWK set.
    Url(Uri),
}

impl AuthSettings {
    pub(super) fn read(env: &Env<'_>) -> Option<Self> {
        let keys = KeySource::read(env);
        let issuer = env.required("AUTH_ISSUER");
        let audience = env.required("AUTH_AUDIENCE");
        let cookie = env.parsed("AUTH_COOKIE", "auth", cookie_name);
        let leeway = env.parsed("AUTH_LEEWAY_SECONDS", "5", leeway_seconds);
        Some(Self { keys: keys?, issuer: issuer?, audience: audience?, cookie: cookie?, leeway: leeway? })
    }
}

impl KeySource {
    const SECRET: &str = "AUTH_JWT_SECRET";
    const SET: &str = "AUTH_JWKS";
    const URL: &str = "AUTH_JWKS_URL";

    /// Exactly one of the three variables must be set: with two, a token could be good by either of them.
    fn read(env: &Env<'_>) -> Option<Self> {
        let [secret, set, url] = [Self::SECRET, Self::SET, Self::URL].map(|name| env.get(name));
        match (secret, set, url) {
            (Some(secret), None, None) => Self::secret(env, secret),
            (None, Some(set), None) => {
                env.parsed(Self::SET, "", |_| KeySet::parse(set.as_bytes())).map(Self::Set)
            }
            (None, None, Some(_)) => env.parsed(Self::URL, "", issuer_url).map(Self::Url),
            (None, None, None) => {
                env.problem(Self::SECRET, "is not set, nor is AUTH_JWKS or AUTH_JWKS_URL");
                None
            }
            (secret, _, url) => {
                let first = if secret.is_some() { Self::SECRET } else { Self::SET };
                let other = if url.is_some() { Self::URL } else { Self::SET };
                env.problem(first, format!("can't be set together with {other}"));
                None
            }
        }
    }

    fn secret(env: &Env<'_>, secret: String) -> Option<Self> {
        if secret.len() < MIN_SECRET_BYTES {
            env.problem(Self::SECRET, format!("must have at least {MIN_SECRET_BYTES} bytes"));
            return None;
        }
        Some(Self::Secret(secret.into_bytes()))
    }
}

/// RFC 6265, section 4.1.1: a cookie's name is a token.
fn cookie_name(text: &str) -> Result<String, &'static str> {
    let is_token = |byte: u8| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&byte);
    let fits = !text.is_empty() && text.bytes().all(is_token);
    fits.then(|| text.to_owned()).ok_or("must be a cookie name")
}

/// Keys that come over an open network could be anybody's, so that only this machine may serve them without TLS.
fn issuer_url(text: &str) -> Result<Uri, &'static str> {
    let url: Option<Uri> = text.parse().ok().filter(|_| is_http(text) && !text.contains('@'));
    let host = url.as_ref().and_then(Uri::host).unwrap_or_default();
    let safe = url.as_ref().and_then(Uri::scheme_str) == Some("https") || is_loopback(host);
    url.filter(|_| safe)
        .ok_or("must be an https URL, or an http one of this machine (localhost, 127.0.0.1, [::1])")
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn leeway_seconds(text: &str) -> Result<u64, &'static str> {
    digits(text).filter(|seconds| *seconds <= 300).ok_or("must be a number of seconds from 0 to 300")
}
