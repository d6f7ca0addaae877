//! Keys that verify tokens: a shared secret, or the public keys of a JWK set (RFC 7517).
//!
//! Each key is pinned to one algorithm (RFC 8725, section 3.1):
//!
//! | key | algorithm |
//! |---|---|
//! | secret | HS256 |
//! | RSA | the one that its `alg` names, or RS256 |
//! | P-256 | ES256 |
//! | P-384 | ES384 |
//! | Ed25519 | `EdDSA` |
//!
//! HS256 tokens are verified with the secrets and all others with the key set, so both can be configured together. A token
//! chooses a key by `kid` and never its algorithm. Other members of its header that carry keys (`jwk`, `jku`, `x5u`) are
//! ignored. If one set has the keys of many issuers (Entra's, with `{tenantid}`), a key that names an issuer verifies
//! tokens of that issuer only.

mod jwk;

use std::fmt;
use std::str::FromStr;

use jsonwebtoken::{Algorithm, DecodingKey, crypto};

/// Names of algorithms in tokens (`alg`), each with its algorithm.
type Names = &'static [(&'static str, Algorithm)];

/// Algorithms of one type of public key.
struct Family {
    names: Names,
    /// Number of names, from the first on, that a key without an `alg` accepts.
    by_default: usize,
}

/// RSA keys (RFC 7518, sections 3.3 and 3.5). Most issuers sign with RS256, even if their keys have no `alg`.
const RSA: Family = Family {
    names: &[
        ("RS256", Algorithm::RS256),
        ("RS384", Algorithm::RS384),
        ("RS512", Algorithm::RS512),
        ("PS256", Algorithm::PS256),
        ("PS384", Algorithm::PS384),
        ("PS512", Algorithm::PS512),
    ],
    by_default: 1,
};

/// Keys of the curve P-256 (RFC 7518, section 3.4).
const P256: Family = Family { names: &[("ES256", Algorithm::ES256)], by_default: 1 };

/// Keys of the curve P-384 (RFC 7518, section 3.4).
const P384: Family = Family { names: &[("ES384", Algorithm::ES384)], by_default: 1 };

/// Ed25519 keys. RFC 8037 calls the algorithm `EdDSA`, RFC 9864 calls it `Ed25519`.
const ED25519: Family =
    Family { names: &[("EdDSA", Algorithm::EdDSA), ("Ed25519", Algorithm::EdDSA)], by_default: 2 };

impl Family {
    /// Returns the names that a key with this `alg` accepts, or `None` if another family has that name.
    fn pinned(&self, alg: Option<&str>) -> Option<Names> {
        let Some(alg) = alg else { return self.names.get(..self.by_default) };
        let at = self.names.iter().position(|(name, _)| *name == alg)?;
        self.names.get(at..=at)
    }
}

/// Key, pinned to one algorithm.
pub struct Key {
    id: Option<String>,
    /// Issuer that it signs for, if the set has the keys of several.
    issuer: Option<String>,
    /// Names of its algorithm.
    names: Names,
    verifier: DecodingKey,
}

/// Public keys of an issuer.
#[derive(Debug)]
pub struct KeySet(Vec<Key>);

/// Reason why a text is not a usable JWK set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    /// It is not JSON, or has another form.
    #[error("must be a JWK set, such as {{\"keys\": [...]}}")]
    NotASet,
    /// It contains a secret or the private part of a key.
    #[error("must hold public keys only, and has a private or secret one")]
    Private,
    /// It has no key for one of the algorithms.
    #[error(
        "has no public key for RS256 to RS512, PS256 to PS512 (2048 bits or more), ES256, ES384 or EdDSA (Ed25519)"
    )]
    NoneUsable,
}

/// Reason why a signature is not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// No key is for the token's algorithm.
    Algorithm,
    /// No key for its algorithm has its id; or it has no id and several keys fit.
    Key,
    /// The key did not make the signature.
    Signature,
}

/// Members of a token that choose the key to verify it with.
#[derive(Clone, Copy, Debug)]
pub struct KeyHint<'t> {
    /// Name of the algorithm (`alg`).
    pub algorithm: &'t str,
    /// Id of the key (`kid`).
    pub id: Option<&'t str>,
    /// Issuer of the token (`iss`), if the set has the keys of several. Keys of other issuers are skipped.
    pub issuer: Option<&'t str>,
}

impl KeyHint<'_> {
    /// Returns `true` if this is an algorithm of public keys.
    #[must_use]
    pub fn is_asymmetric(&self) -> bool {
        let families = [RSA, P256, P384, ED25519];
        families.iter().flat_map(|family| family.names).any(|(name, _)| *name == self.algorithm)
    }
}

impl Key {
    /// Returns the key for HS256 (RFC 7518, section 3.2). The settings check its length.
    #[must_use]
    pub fn secret(secret: &[u8]) -> Self {
        Self {
            id: None,
            issuer: None,
            names: &[("HS256", Algorithm::HS256)],
            verifier: DecodingKey::from_secret(secret),
        }
    }

    /// Returns `true` if the key is for the algorithm of this name.
    #[must_use]
    pub fn supports(&self, algorithm: &str) -> bool {
        self.names.iter().any(|(name, _)| *name == algorithm)
    }

    fn signs_for(&self, issuer: Option<&str>) -> bool {
        match (&self.issuer, issuer) {
            (Some(own), Some(issuer)) => own == issuer,
            _ => true,
        }
    }

    /// Returns `true` if `signature` (base64url) is this key's signature of the message.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &str) -> bool {
        let verified = |(_, algorithm)| crypto::verify(signature, message, &self.verifier, algorithm);
        self.names
            .first()
            .copied()
            .map(verified)
            .is_some_and(|verified| verified.is_ok_and(|genuine| genuine))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("id", &self.id).field("names", &self.names).finish_non_exhaustive()
    }
}

/// Parses a JWK set. Keys that can't verify a token (of other types, for encryption) are left out, as RFC 7517, section 5,
/// demands.
impl TryFrom<&[u8]> for KeySet {
    type Error = KeySetError;

    fn try_from(text: &[u8]) -> Result<Self, KeySetError> {
        let keys = jwk::read(text)?;
        if keys.is_empty() { Err(KeySetError::NoneUsable) } else { Ok(Self(keys)) }
    }
}

impl FromStr for KeySet {
    type Err = KeySetError;

    fn from_str(text: &str) -> Result<Self, KeySetError> {
        Self::try_from(text.as_bytes())
    }
}

impl KeySet {
    /// Returns `true` if a key has this id.
    #[must_use]
    pub fn contains(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id.as_deref() == Some(id))
    }

    /// Checks that the key of the hint made `signature` (base64url) of the message. A hint without an id is accepted only
    /// if exactly one key fits its algorithm, so that keys are never tried one by one.
    ///
    /// # Errors
    ///
    /// The [`Mismatch`], if no such key made it.
    pub fn verify(&self, hint: KeyHint<'_>, message: &[u8], signature: &str) -> Result<(), Mismatch> {
        let fitting = || self.0.iter().filter(|key| key.supports(hint.algorithm));
        if fitting().next().is_none() {
            return Err(Mismatch::Algorithm);
        }
        // Ids should be unique, but an issuer may repeat one.
        let named = || {
            fitting().filter(|key| {
                (hint.id.is_none() || key.id.as_deref() == hint.id) && key.signs_for(hint.issuer)
            })
        };
        match (hint.id, named().count()) {
            (_, 0) | (None, 2..) => Err(Mismatch::Key),
            _ if named().any(|key| key.verifies(message, signature)) => Ok(()),
            _ => Err(Mismatch::Signature),
        }
    }
}

#[cfg(test)]
mod tests;
