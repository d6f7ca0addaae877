//! Keys that verify tokens: secrets, an inline set, or the set that an issuer serves.

mod cache;
mod issuer;

use std::sync::Arc;

use jiff::Timestamp;

use self::cache::Cache;
use self::issuer::Issuer;
use crate::config::{KeySetSource, KeySources};
use crate::domain::keys::{Key, KeyHint, KeySet, Mismatch};
use crate::domain::{BoxError, Error};
use crate::edge::error::Result;
use crate::edge::refusal::Refusal;

/// Keys of all configured sources.
pub(super) struct Keys {
    secrets: Vec<Key>,
    set: Option<Set>,
}

enum Set {
    /// Set from the settings.
    Inline(KeySet),
    /// Set that an issuer serves.
    Issuer(Arc<Cache<Issuer>>),
}

impl Keys {
    /// Opens the sources. For TLS to the issuer, `ca_bundle` (PEM) is trusted beside the system's authorities.
    ///
    /// # Errors
    ///
    /// Invalid certificates.
    pub(super) fn open(sources: KeySources, ca_bundle: Option<&[u8]>) -> std::result::Result<Self, BoxError> {
        let issuer = |issuer: Issuer| Set::Issuer(Arc::new(Cache::new(issuer)));
        let set = match sources.set {
            None => None,
            Some(KeySetSource::Inline(set)) => Some(Set::Inline(set)),
            Some(KeySetSource::Url(url)) => Some(issuer(Issuer::at_url(url, ca_bundle)?)),
            Some(KeySetSource::Discovery(discovery)) => {
                Some(issuer(Issuer::with_discovery(discovery, ca_bundle)?))
            }
        };
        Ok(Self { secrets: sources.secrets.iter().map(|secret| Key::secret(secret)).collect(), set })
    }

    /// Starts to fetch the keys of an issuer, before the first request.
    pub(super) fn prefetch(&self, now: Timestamp) {
        if let Some(Set::Issuer(cache)) = &self.set {
            cache.refresh(now);
        }
    }

    /// Verifies `signature` (base64url) of the message with the key of the hint.
    ///
    /// # Errors
    ///
    /// [`Unauthorized`](crate::edge::Error::Unauthorized) if it does not verify. [`Error::Unavailable`] if the issuer's
    /// keys could not be fetched.
    pub(super) async fn verify(
        &self,
        hint: KeyHint<'_>,
        message: &[u8],
        signature: &str,
        now: Timestamp,
    ) -> Result<()> {
        // All secrets are tried, because a `kid` does not name one of them.
        let mut secrets = self.secrets.iter().filter(|key| key.supports(hint.algorithm)).peekable();
        if secrets.peek().is_some() {
            let verified = secrets.any(|key| key.verifies(message, signature));
            return Ok(verified.then_some(()).ok_or(Refusal::Signature)?);
        }
        let verified = match &self.set {
            Some(Set::Inline(set)) => set.verify(hint, message, signature),
            // A set has asymmetric keys only, so other algorithms cause no fetch.
            Some(Set::Issuer(cache)) if hint.is_asymmetric() => {
                let set = cache.keys(hint.id, now).await.map_err(Error::Unavailable)?;
                set.verify(hint, message, signature)
            }
            _ => Err(Mismatch::Algorithm),
        };
        Ok(verified.map_err(Refusal::from)?)
    }
}
