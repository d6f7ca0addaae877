//! Reasons why a token is refused. Only the log names them, because they would help to forge a token.

use crate::domain::keys::Mismatch;

/// Reason why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is no JWT, or needs an unsupported extension.
    Form,
    /// It is over 8 KiB.
    TooLong,
    /// `iss` is not the configured issuer.
    Issuer,
    /// `aud` has none of the configured audiences.
    Audience,
    /// It is expired, or `exp` is missing.
    Expiry,
    /// `nbf` is in the future.
    NotBefore,
    /// `sub` is missing or no valid id.
    Subject,
    /// The organizations claim has an unsupported type.
    Organizations,
    /// No key supports its algorithm.
    Algorithm,
    /// No key has its `kid`.
    Key,
    /// The signature does not verify.
    Signature,
}

impl Refusal {
    /// Returns the name in the log: that of the claim or header field, if there is one.
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
