//! The keys that tokens are verified with: a shared secret, or the public keys of a JWK set (RFC 7517). Each key is
//! pinned to one algorithm (RFC 8725, section 3.1): a token names a key, never what to do with it.

mod jwk;

use std::fmt;

use jsonwebtoken::{Algorithm, DecodingKey, crypto};

/// What tokens call the algorithm of an RSA key.
const RSA: &[&str] = &["RS256"];

/// What tokens call the algorithm of a P-256 key.
const P256: &[&str] = &["ES256"];

/// What tokens call the algorithm of an Ed25519 key: RFC 9864 gave it a name of its own.
const ED25519: &[&str] = &["EdDSA", "Ed25519"];

/// A key, and the one algorithm that it is used with.
pub struct Key {
    id: Option<String>,
    names: &'static [&'static str],
    algorithm: Algorithm,
    verifier: DecodingKey,
}

/// The public keys of an issuer.
#[derive(Debug)]
pub struct KeySet(Vec<Key>);

/// What is wrong with a text that should be a JWK set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKeySet {
    /// It is not JSON, or not of a set's form.
    #[error("must be a JWK set, such as {{\"keys\": [...]}}")]
    NotASet,
    /// It holds a secret or the private part of a key, which only the issuer should know.
    #[error("must hold public keys only, and has a private or secret one")]
    Private,
    /// It holds no key that tokens could be verified with.
    #[error("has no public key for RS256 (2048 bits or more), ES256 or EdDSA (Ed25519)")]
    NoneUsable,
}

/// What a token says of the key that signed it.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'t> {
    /// The algorithm's name (`alg`).
    pub algorithm: &'t str,
    /// The key's id (`kid`).
    pub id: Option<&'t str>,
}

impl Wanted<'_> {
    /// Whether there can be a public key for such a token.
    #[must_use]
    pub fn may_be_public(&self) -> bool {
        [RSA, P256, ED25519].iter().any(|names| names.contains(&self.algorithm))
    }
}

impl Key {
    /// The secret of HS256 (RFC 7518, section 3.2). Whether it is long enough is checked where it is read.
    #[must_use]
    pub fn secret(secret: &[u8]) -> Self {
        let verifier = DecodingKey::from_secret(secret);
        Self { id: None, names: &["HS256"], algorithm: Algorithm::HS256, verifier }
    }

    /// Whether this key, whatever its id, is one for the algorithm of this name.
    #[must_use]
    pub fn fits(&self, algorithm: &str) -> bool {
        self.names.contains(&algorithm)
    }

    /// Whether `signature` (base64url) is this key's signature of the message.
    #[must_use]
    pub fn signed(&self, message: &[u8], signature: &str) -> bool {
        crypto::verify(signature, message, &self.verifier, self.algorithm).is_ok_and(|genuine| genuine)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

impl KeySet {
    /// Reads a JWK set. Keys that can't verify a token (of other types, for encryption) are left out, as RFC 7517,
    /// section 5, asks.
    ///
    /// # Errors
    ///
    /// If it is no JWK set, holds what only the issuer should know, or has no usable key.
    pub fn parse(text: &[u8]) -> Result<Self, BadKeySet> {
        let keys = jwk::read(text)?;
        if keys.is_empty() { Err(BadKeySet::NoneUsable) } else { Ok(Self(keys)) }
    }

    /// Whether there is a key of this id.
    #[must_use]
    pub fn knows(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id.as_deref() == Some(id))
    }

    /// Whether `signature` (base64url) of the message was made with the wanted key. A token that names no key is taken
    /// only where exactly one key fits its algorithm, so that nothing is tried out.
    #[must_use]
    pub fn signed(&self, wanted: Wanted<'_>, message: &[u8], signature: &str) -> bool {
        let mut fitting = self.0.iter().filter(|key| key.fits(wanted.algorithm));
        match wanted.id {
            // Ids should be unique, and nothing makes an issuer keep to that.
            Some(id) => fitting.any(|key| key.id.as_deref() == Some(id) && key.signed(message, signature)),
            None => match (fitting.next(), fitting.next()) {
                (Some(key), None) => key.signed(message, signature),
                _ => false,
            },
        }
    }
}

#[cfg(test)]
mod tests;
