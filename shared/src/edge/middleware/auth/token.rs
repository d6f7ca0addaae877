//! Verifies a JSON Web Token (RFC 7519) as RFC 8725 asks: the algorithm comes from the key and never from the token,
//! and every claim that the service relies on must be there and of the right type.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::claims::Rules;
use super::keys::Keys;
use crate::config::AuthSettings;
use crate::domain::json::Literal;
use crate::domain::keys::KeyHint;
use crate::domain::{BoxError, Caller};
use crate::edge::error::Result;
use crate::edge::refusal::Refusal;

/// A longer token is refused unread.
const MAX_BYTES: usize = 8 * 1024;

/// Types that an access token may declare (RFC 7519, section 5.1, and RFC 9068, section 2.1).
const TYPES: [&str; 4] = ["jwt", "application/jwt", "at+jwt", "application/at+jwt"];

/// Keys and rules that tokens must match.
pub(super) struct Verifier {
    keys: Keys,
    rules: Rules,
}

/// Members of a token's header that are read.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default, deserialize_with = "present")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    typ: Option<String>,
    /// Extensions that must be understood (RFC 7515, section 4.1.11). None is.
    #[serde(default, deserialize_with = "present")]
    crit: Option<IgnoredAny>,
    /// The unencoded payload of RFC 7797, which would change what is signed.
    #[serde(default, deserialize_with = "present")]
    b64: Option<IgnoredAny>,
}

/// A member that is there has a value: `null` is not "absent".
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> std::result::Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A token, taken apart.
struct Token<'t> {
    header: Header,
    claims: Value,
    message: &'t str,
    signature: &'t str,
}

impl<'t> Token<'t> {
    /// Reads a token of three parts. Nothing of it is proven by that.
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
    /// Returns `true` if it asks for nothing that isn't done here. The key says if the algorithm is its own.
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

    /// The caller whom the token proves at `now`.
    ///
    /// # Errors
    ///
    /// [`Unauthorized`](crate::edge::Error::Unauthorized) with the reason, or
    /// [`Unavailable`](crate::domain::Error::Unavailable) if there are no keys to tell by.
    pub(super) async fn verify(&self, token: &str, now: Timestamp) -> Result<Caller> {
        let Token { header, claims, message, signature } = Token::parse(token)?;
        // What can be told without a key comes first, so that nobody is asked for keys in vain.
        let caller = self.rules.caller(&claims, now)?;
        let (id, issuer) = (header.kid.as_deref(), self.rules.one_of_many_issuers(&claims));
        let hint = KeyHint { algorithm: &header.alg, id, issuer };
        self.keys.verify(hint, message.as_bytes(), signature, now).await?;
        Ok(caller)
    }
}

/// A part of the token: a JSON object in UTF-8 (RFC 7519, section 7.2), in which no member is doubled (section 4), as two
/// readers could see two values. The decoder refuses padding and bits that stand for nothing, so that a token has one
/// spelling.
fn decoded(part: &str) -> Option<Value> {
    let text = URL_SAFE_NO_PAD.decode(part).ok()?;
    let Literal::<true>(value) = serde_json::from_slice(&text).ok()?;
    Some(value).filter(Value::is_object)
}

#[cfg(test)]
mod tests;
