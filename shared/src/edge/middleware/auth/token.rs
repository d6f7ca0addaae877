//! Verification of a JSON Web Token (RFC 7519) by RFC 8725. The algorithm comes from the key, never from the token. Every
//! claim that the service relies on is required and has a fixed type.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::claims::Rules;
use super::keys::Keys;
use crate::config::AuthSettings;
use crate::domain::json::Literal;
use crate::domain::keys::KeyHint;
use crate::domain::{BoxError, Caller};
use crate::edge::error::Result;
use crate::edge::refusal::Refusal;

/// Maximum length of a token. A longer one is refused unparsed.
const MAX_BYTES: usize = 8 * 1024;

/// Accepted values of `typ` (RFC 7519, section 5.1, and RFC 9068, section 2.1).
const TYPES: [&str; 4] = ["jwt", "application/jwt", "at+jwt", "application/at+jwt"];

/// Keys and rules that tokens must match.
pub(super) struct Verifier {
    keys: Keys,
    rules: Rules,
}

/// Members of a token's header that the verification reads.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default, deserialize_with = "present")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    typ: Option<String>,
    /// Critical extensions (RFC 7515, section 4.1.11). None is supported.
    #[serde(default, deserialize_with = "present")]
    crit: Option<IgnoredAny>,
    /// Unencoded payload (RFC 7797), which changes the signed message. Not supported.
    #[serde(default, deserialize_with = "present")]
    b64: Option<IgnoredAny>,
}

/// Deserializes a member that is present. `null` is not "absent".
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> std::result::Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Parts of a token, unverified.
struct Token<'t> {
    header: Header,
    claims: Value,
    message: &'t str,
    signature: &'t str,
}

impl<'t> Token<'t> {
    fn parse(token: &'t str) -> std::result::Result<Self, Refusal> {
        if token.len() > MAX_BYTES {
            return Err(Refusal::TooLong);
        }
        Self::parts(token).ok_or(Refusal::Form)
    }

    fn parts(token: &'t str) -> Option<Self> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.').filter(|(_, claims)| !claims.contains('.'))?;
        let header: Header = serde_json::from_value(decoded(header)?).ok()?;
        Some(Self { claims: decoded(claims).filter(|_| header.is_supported())?, header, message, signature })
    }
}

impl Header {
    /// Returns `true` if the header needs no unsupported extension. The key checks the algorithm.
    fn is_supported(&self) -> bool {
        let typ = self.typ.as_ref().is_none_or(|typ| TYPES.contains(&typ.to_ascii_lowercase().as_str()));
        typ && self.crit.is_none() && self.b64.is_none()
    }
}

impl Verifier {
    pub(super) fn open(
        settings: AuthSettings,
        ca_bundle: Option<&[u8]>,
    ) -> std::result::Result<Self, BoxError> {
        let AuthSettings { keys, issuer, audience, organizations, roles, leeway, .. } = settings;
        let rules = Rules { issuer, audience, organizations, roles, leeway: leeway.into() };
        Ok(Self { keys: Keys::open(keys, ca_bundle)?, rules })
    }

    pub(super) fn prefetch(&self, now: Timestamp) {
        self.keys.prefetch(now);
    }

    /// Returns a token with valid claims and an invalid signature, by an algorithm that never causes a fetch of keys.
    pub(super) fn made_up_token(&self, now: Timestamp) -> String {
        let claims = self.rules.made_up_claims(now);
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(&claims), "A".repeat(43))
    }

    /// Verifies a token at `now` and returns its caller.
    ///
    /// # Errors
    ///
    /// [`Unauthorized`](crate::edge::Error::Unauthorized) with the reason.
    /// [`Unavailable`](crate::domain::Error::Unavailable) if the issuer's keys could not be fetched.
    pub(super) async fn verify(&self, token: &str, now: Timestamp) -> Result<Caller> {
        let Token { header, claims, message, signature } = Token::parse(token)?;
        // Claims come before the signature, so that an invalid token causes no fetch of keys.
        let caller = self.rules.caller(&claims, now)?;
        let (id, issuer) = (header.kid.as_deref(), self.rules.tenant_issuer(&claims));
        let hint = KeyHint { algorithm: &header.alg, id, issuer };
        self.keys.verify(hint, message.as_bytes(), signature, now).await?;
        Ok(caller)
    }
}

/// Decodes a part of the token: a JSON object in UTF-8 (RFC 7519, section 7.2) without repeated members (section 4),
/// because parsers differ in the one that they take. The decoder refuses padding and unused bits, so that a token has one
/// spelling.
fn decoded(part: &str) -> Option<Value> {
    let text = URL_SAFE_NO_PAD.decode(part).ok()?;
    let Literal::<true>(value) = serde_json::from_slice(&text).ok()?;
    Some(value).filter(Value::is_object)
}

#[cfg(test)]
mod tests;
