//! Secrets that prove that a request came through the proxy in front of the API, such as CloudFront.

use sha2::{Digest, Sha256};

use super::{Env, secrets};

const SECRET: &str = "ORIGIN_SECRET";
const PREVIOUS: &str = "ORIGIN_SECRET_PREVIOUS";

/// Secrets of the proxy, as their SHA-256, because their text is needed nowhere.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct OriginSecrets(Vec<[u8; 32]>);

impl OriginSecrets {
    pub(super) fn from_env(env: &Env<'_>) -> Option<Self> {
        let secrets = secrets::read(env, SECRET, PREVIOUS)?;
        // A proxy sends it as the value of a header.
        let is_visible = |secret: &Vec<u8>| secret.iter().all(u8::is_ascii_graphic);
        if let Some((name, _)) = [SECRET, PREVIOUS].iter().zip(&secrets).find(|(_, own)| !is_visible(own)) {
            env.problem(name, "must be visible ASCII without spaces");
            return None;
        }
        Some(Self(secrets.iter().map(|secret| Sha256::digest(secret).into()).collect()))
    }

    /// Returns `true` if there is a secret, so that requests without it are refused.
    #[must_use]
    pub fn are_set(&self) -> bool {
        !self.0.is_empty()
    }

    /// Returns `true` if `secret` is one of them. The time that it takes tells nothing about them, because it compares
    /// hashes, and each to its end.
    #[must_use]
    pub fn contain(&self, secret: &str) -> bool {
        let digest = Sha256::digest(secret);
        let differs =
            |own: &[u8; 32]| own.iter().zip(&digest).fold(0, |found, (own, other)| found | (own ^ other));
        self.0.iter().any(|own| differs(own) == 0)
    }
}
