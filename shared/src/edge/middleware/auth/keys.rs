//! Keys that tokens are verified with, and how they get here.

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

/// Keys from all sources that the settings name.
pub(super) struct Keys {
    secrets: Vec<Key>,
    set: Option<Set>,
}

enum Set {
    /// A set that never changes.
    Inline(KeySet),
    /// The set that an issuer serves.
    Issuer(Arc<Cache<Issuer>>),
}

impl Keys {
    /// Opens the sources. `ca_bundle` (PEM) is trusted beside the system's authorities to know the issuer.
    ///
    /// # Errors
    ///
    /// If the certificates can't be used.
    pub(super) fn open(sources: KeySources, ca_bundle: Option<&[u8]>) -> std::result::Result<Self, BoxError> {
        let issuer = |issuer: Issuer| Set::Issuer(Arc::new(Cache::new(issuer)));
        let set = match sources.set {
            None => None,
            Some(KeySetSource::Inline(set)) => Some(Set::Inline(set)),
            Some(KeySetSource::Url(url)) => Some(issuer(Issuer::serving(url, ca_bundle)?)),
            Some(KeySetSource::Discovery(discovery)) => {
                Some(issuer(Issuer::discovered(discovery, ca_bundle)?))
            }
        };
        Ok(Self { secrets: sources.secrets.iter().map(|secret| Key::secret(secret)).collect(), set })
    }

    /// Begins to fetch what has to be fetched, so that the first request needn't.
    pub(super) fn prefetch(&self, now: Timestamp) {
        if let Some(Set::Issuer(cache)) = &self.set {
            cache.refresh(now);
        }
    }

    /// Checks that the wanted key made `signature` (base64url) of the message.
    ///
    /// # Errors
    ///
    /// [`Unauthorized`](crate::edge::Error::Unauthorized) if it didn't, [`Error::Unavailable`] if there are no keys to
    /// tell by, as the issuer can't be reached.
    pub(super) async fn verify(
        &self,
        hint: KeyHint<'_>,
        message: &[u8],
        signature: &str,
        now: Timestamp,
    ) -> Result<()> {
        // Nothing tells which of the secrets is meant: their ids are the issuer's own business.
        let mut secrets = self.secrets.iter().filter(|key| key.supports(hint.algorithm)).peekable();
        if secrets.peek().is_some() {
            let verified = secrets.any(|key| key.verifies(message, signature));
            return Ok(verified.then_some(()).ok_or(Refusal::Signature)?);
        }
        let verified = match &self.set {
            Some(Set::Inline(set)) => set.verify(hint, message, signature),
            // Nobody is asked for a key that can't be among them.
            Some(Set::Issuer(cache)) if hint.is_asymmetric() => {
                let set = cache.keys(hint.id, now).await.map_err(Error::Unavailable)?;
                set.verify(hint, message, signature)
            }
            _ => Err(Mismatch::Algorithm),
        };
        Ok(verified.map_err(Refusal::from)?)
    }
}
