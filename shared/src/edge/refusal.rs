//! Reasons why a token is refused. The log names them; callers never learn them, as whoever has a genuine token can read
//! it, and whoever hasn't would be helped to make one.

use crate::domain::keys::Mismatch;

/// Reason why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is no JWT, or one that asks for what isn't done here.
    Form,
    /// It has more than 8 KiB.
    TooLong,
    /// Its issuer is another one.
    Issuer,
    /// It is for another audience.
    Audience,
    /// It is over, or doesn't say until when it holds.
    Expiry,
    /// It doesn't hold yet.
    NotBefore,
    /// It names no user.
    Subject,
    /// Its organizations are of a type that they can't have.
    Organizations,
    /// No key is for its algorithm.
    Algorithm,
    /// No key has its id.
    Key,
    /// The key did not sign it.
    Signature,
}

impl Refusal {
    /// Name in the log, the claim's or the header's own where there is one.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::TooLong => "too_long",
            Self::Issuer => "iss",
            Self::Audience => "aud",
            Self::Expiry => "exp",
            Self::NotBefore => "nbf",
            Self::Subject => "sub",
            Self::Organizations => "organizations",
            Self::Algorithm => "alg",
            Self::Key => "kid",
            Self::Signature => "signature",
        }
    }
}

impl From<Mismatch> for Refusal {
    fn from(mismatch: Mismatch) -> Self {
        match mismatch {
            Mismatch::Algorithm => Self::Algorithm,
            Mismatch::Key => Self::Key,
            Mismatch::Signature => Self::Signature,
        }
    }
}
