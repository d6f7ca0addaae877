//! Authentication: finds the token in a request and verifies it.

mod claims;
mod cookies;
mod keys;
mod token;

use std::fmt;

use jiff::Timestamp;

use self::token::Verifier;
use crate::config::AuthSettings;
use crate::domain::{BoxError, Caller};
use crate::edge::error::{Error, Result};
use crate::edge::refusal::Refusal;
use crate::edge::request::Request;

/// Token of a request, by its place.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    None,
    /// In the `Authorization` header (RFC 6750).
    Bearer(String),
    Cookie(String),
    /// Several cookies of one name with different values. None of them can be trusted.
    Ambiguous,
}

/// Without the token.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Bearer(_) => "Bearer",
            Self::Cookie(_) => "Cookie",
            Self::Ambiguous => "Ambiguous",
        })
    }
}

impl Credential {
    /// Returns `true` if browsers add it by themselves, to requests of any site.
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
    /// Opens the verification of tokens. `ca_bundle` (PEM) is trusted for TLS to the issuer.
    ///
    /// # Errors
    ///
    /// Invalid certificates.
    pub(crate) fn open(
        settings: AuthSettings,
        ca_bundle: Option<&[u8]>,
    ) -> std::result::Result<Self, BoxError> {
        let cookie = settings.cookie.clone();
        Ok(Self { cookie, verifier: Verifier::open(settings, ca_bundle)? })
    }

    /// Starts to fetch the keys, if an issuer serves them.
    pub(crate) fn prefetch(&self, now: Timestamp) {
        self.verifier.prefetch(now);
    }

    /// Returns a token that runs the code of a verification as far as that needs no call. It is never valid.
    pub(crate) fn made_up_token(&self, now: Timestamp) -> String {
        self.verifier.made_up_token(now)
    }

    /// Returns the credential of a request. An `Authorization` header of any scheme overrides the cookie, so that a request
    /// has one credential.
    pub(crate) fn credential(&self, request: &Request) -> Credential {
        let Some(header) = request.header("authorization") else {
            return cookies::credential(&request.cookies, &self.cookie);
        };
        let (scheme, token) = header.trim().split_once(' ').unwrap_or((header, ""));
        let bearer =
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty());
        bearer.map_or(Credential::None, |token| Credential::Bearer(token.to_owned()))
    }

    /// Verifies a credential and returns its caller.
    ///
    /// # Errors
    ///
    /// [`Error::Unauthorized`] with the reason for the log. [`Unavailable`](crate::domain::Error::Unavailable) if the
    /// issuer's keys could not be fetched.
    pub(crate) async fn verify(&self, credential: &Credential, now: Timestamp) -> Result<Caller> {
        match credential {
            Credential::None => Err(Error::Unauthorized { refused: None }),
            Credential::Ambiguous => Err(Refusal::Form.into()),
            Credential::Bearer(token) | Credential::Cookie(token) => self.verifier.verify(token, now).await,
        }
    }
}
