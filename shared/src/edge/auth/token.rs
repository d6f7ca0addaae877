//! Verifies a JSON Web Token (RFC 7519) as RFC 8725 asks: the algorithm comes from the key and never from the token,
//! and every claim that the service relies on must be there and of the right type.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::keys::Keys;
use crate::config::AuthSettings;
use crate::domain::keys::Wanted;
use crate::domain::{Caller, Cause, Error, OrgId, UserId};

/// A longer token is refused unread.
const MAX_BYTES: usize = 8 * 1024;

/// Types that an access token may declare (RFC 7519, section 5.1, and RFC 9068, section 2.1).
const TYPES: [&str; 4] = ["jwt", "application/jwt", "at+jwt", "application/at+jwt"];

/// The keys and the claims that tokens must match.
pub(super) struct Verifier {
    keys: Keys,
    issuer: String,
    audience: String,
    leeway: f64,
}

/// What is read of a token's header. A doubled key doesn't deserialize.
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

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: f64,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<f64>,
    #[serde(default, deserialize_with = "present")]
    organizations: Option<Vec<String>>,
}

/// One audience or several (RFC 7519, section 4.1.3).
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// A member that is there has a value: `null` is not "absent".
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A token, taken apart.
struct Token<'t> {
    header: Header,
    claims: Claims,
    message: &'t str,
    signature: &'t str,
}

impl<'t> Token<'t> {
    /// Reads a token of three parts. Nothing of it is proven by that.
    fn parse(token: &'t str) -> Option<Self> {
        let (message, signature) = token.rsplit_once('.').filter(|_| token.len() <= MAX_BYTES)?;
        let (header, claims) = message.split_once('.').filter(|(_, claims)| !claims.contains('.'))?;
        let header: Header = decoded(header)?;
        Some(Self { claims: decoded(claims).filter(|_| header.is_understood())?, header, message, signature })
    }
}

impl Header {
    /// Whether it asks for nothing that isn't done here. Whether the algorithm is the key's, the key says.
    fn is_understood(&self) -> bool {
        let typ = self.typ.as_ref().is_none_or(|typ| TYPES.contains(&typ.to_ascii_lowercase().as_str()));
        typ && self.crit.is_none() && self.b64.is_none()
    }
}

impl Verifier {
    pub(super) fn open(settings: AuthSettings, ca_bundle: Option<&[u8]>) -> Result<Self, Cause> {
        let AuthSettings { keys, issuer, audience, leeway, .. } = settings;
        let leeway = f64::from(u32::try_from(leeway)?);
        Ok(Self { keys: Keys::open(keys, ca_bundle)?, issuer, audience, leeway })
    }

    pub(super) fn prefetch(&self, now: Timestamp) {
        self.keys.prefetch(now);
    }

    /// The caller whom the token proves at `now`, or nothing.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] if there are no keys to tell by.
    pub(super) async fn verify(&self, token: &str, now: Timestamp) -> Result<Option<Caller>, Error> {
        // What can be told without a key comes first, so that nobody is asked for keys in vain.
        let Some(token) = Token::parse(token).filter(|token| self.holds(&token.claims, now)) else {
            return Ok(None);
        };
        let Token { header, claims, message, signature } = token;
        let wanted = Wanted { algorithm: &header.alg, id: header.kid.as_deref() };
        let signed = self.keys.signed(wanted, message.as_bytes(), signature, now).await?;
        Ok(signed.then(|| caller(claims)).flatten())
    }

    fn holds(&self, claims: &Claims, now: Timestamp) -> bool {
        let now = now.as_duration().as_secs_f64();
        let audience = match &claims.aud {
            Audience::One(audience) => *audience == self.audience,
            Audience::Several(audiences) => audiences.contains(&self.audience),
        };
        let begun = claims.nbf.is_none_or(|nbf| nbf <= now + self.leeway);
        claims.iss == self.issuer && audience && begun && now < claims.exp + self.leeway
    }
}

/// A part of the token. The decoder refuses padding and bits that stand for nothing, so that a token has one spelling.
fn decoded<T: DeserializeOwned>(part: &str) -> Option<T> {
    let text = URL_SAFE_NO_PAD.decode(part).ok()?;
    // All of it must be a JSON object in UTF-8 (RFC 7519, section 7.2): a struct would be read from an array of its
    // values too, and what it has no member for would be skipped unread.
    let _object: Map<String, Value> = serde_json::from_slice(&text).ok()?;
    serde_json::from_slice(&text).ok()
}

fn caller(claims: Claims) -> Option<Caller> {
    let organizations = claims.organizations.unwrap_or_default();
    Some(Caller::new(
        UserId::parse(&claims.sub)?,
        organizations.iter().filter_map(|id| OrgId::parse(id)).collect(),
    ))
}

#[cfg(test)]
mod tests;
