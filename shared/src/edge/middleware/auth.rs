//! Who is calling: finds the token in a request and verifies it.

mod claims;
mod cookies;
mod keys;
mod token;

use jiff::Timestamp;

use self::token::Verifier;
use crate::config::AuthSettings;
use crate::domain::{BoxError, Caller};
use crate::edge::error::{Error, Result};
use crate::edge::refusal::Refusal;
use crate::edge::request::Request;

/// Where a request carries its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// There is none.
    None,
    /// In the `Authorization` header, as RFC 6750 has it.
    Bearer(String),
    /// In the cookie.
    Cookie(String),
    /// In several cookies of one name with different values, none of which is to be trusted.
    Ambiguous,
}

impl Credential {
    /// Whether a browser sends it on its own, whichever site asks.
    pub(crate) fn is_ambient(&self) -> bool {
        matches!(self, Self::Cookie(_) | Self::Ambiguous)
    }
}

/// Finds and verifies tokens.
pub(crate) struct Auth {
    cookie: String,
    verifier: Verifier,
}

impl Auth {
    /// Verifies tokens as these settings say. `ca_bundle` (PEM) is trusted to know an issuer that serves its keys.
    ///
    /// # Errors
    ///
    /// If the certificates can't be used.
    pub(crate) fn open(
        settings: AuthSettings,
        ca_bundle: Option<&[u8]>,
    ) -> std::result::Result<Self, BoxError> {
        let cookie = settings.cookie.clone();
        Ok(Self { cookie, verifier: Verifier::open(settings, ca_bundle)? })
    }

    /// Begins to fetch the issuer's keys, where it serves them.
    pub(crate) fn prefetch(&self, now: Timestamp) {
        self.verifier.prefetch(now);
    }

    /// The credential of a request. With an `Authorization` header of any scheme the cookie is not looked at, so that
    /// no request can have both.
    pub(crate) fn credential(&self, request: &Request) -> Credential {
        let Some(header) = request.header("authorization") else {
            return cookies::credential(&request.cookies, &self.cookie);
        };
        let (scheme, token) = header.trim().split_once(' ').unwrap_or((header, ""));
        let bearer =
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty());
        bearer.map_or(Credential::None, |token| Credential::Bearer(token.to_owned()))
    }

    /// The caller that a credential proves, at `now`.
    ///
    /// # Errors
    ///
    /// [`Error::Unauthorized`], whose reason is for the log alone.
    /// [`Unavailable`](crate::domain::Error::Unavailable) if there are no keys to verify it with, as the issuer can't be reached.
    pub(crate) async fn verify(&self, credential: &Credential, now: Timestamp) -> Result<Caller> {
        match credential {
            Credential::None => Err(Error::Unauthorized { refused: None }),
            Credential::Ambiguous => Err(Refusal::Form.into()),
            Credential::Bearer(token) | Credential::Cookie(token) => self.verifier.verify(token, now).await,
        }
    }
}
