//! Where the keys are that tokens are verified with, and how they get here.

mod cache;
mod issuer;

use std::sync::Arc;

use jiff::Timestamp;

use self::cache::Cache;
use self::issuer::Issuer;
use crate::config::KeySource;
use crate::domain::keys::{Key, KeySet, Wanted};
use crate::domain::{Cause, Error};

/// The keys, as the settings say.
pub(super) struct Keys(Kind);

enum Kind {
    /// One secret.
    Secret(Key),
    /// A set that never changes.
    Set(KeySet),
    /// The set that an issuer serves.
    Issuer(Arc<Cache<Issuer>>),
}

impl Keys {
    /// The keys of this source. `ca_bundle` (PEM) is trusted beside the system's authorities to know the issuer.
    ///
    /// # Errors
    ///
    /// If the certificates can't be used.
    pub(super) fn open(source: KeySource, ca_bundle: Option<&[u8]>) -> Result<Self, Cause> {
        Ok(Self(match source {
            KeySource::Secret(secret) => Kind::Secret(Key::secret(&secret)),
            KeySource::Set(set) => Kind::Set(set),
            KeySource::Url(url) => Kind::Issuer(Arc::new(Cache::new(Issuer::new(url, ca_bundle)?))),
        }))
    }

    /// Begins to fetch what has to be fetched, so that the first request needn't.
    pub(super) fn prefetch(&self, now: Timestamp) {
        if let Kind::Issuer(cache) = &self.0 {
            cache.refresh(now);
        }
    }

    /// Whether `signature` of the message was made with the wanted key.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] if there are no keys to tell by, as the issuer can't be reached.
    pub(super) async fn signed(
        &self,
        wanted: Wanted<'_>,
        message: &[u8],
        signature: &str,
        now: Timestamp,
    ) -> Result<bool, Error> {
        Ok(match &self.0 {
            // There is one secret, so its id tells nothing.
            Kind::Secret(key) => key.fits(wanted.algorithm) && key.signed(message, signature),
            Kind::Set(set) => set.signed(wanted, message, signature),
            Kind::Issuer(_) if !wanted.may_be_public() => false,
            Kind::Issuer(cache) => {
                let set = cache.keys(wanted.id, now).await.map_err(Error::Unavailable)?;
                set.signed(wanted, message, signature)
            }
        })
    }
}
