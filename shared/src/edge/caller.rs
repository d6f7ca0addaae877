//! Identities of callers: a verified user, or anyone.

use super::error::{Error, Result};
use super::middleware::rate_limit_key;
use super::request::Request;
use crate::domain::{Caller, UserId};

/// Identity that a route needs: [`Caller`] or [`Anonymous`].
pub trait Identity: sealed::Sealed {}

/// Caller of a public route. Tokens are ignored.
#[derive(Debug)]
pub struct Anonymous;

impl Identity for Caller {}
impl Identity for Anonymous {}

pub(super) mod sealed {
    use super::{Caller, Request, Result, UserId};

    /// Properties of an identity that the pipeline reads.
    pub trait Sealed: Sized {
        /// `true` if a token proves the identity.
        const HAS_TOKEN: bool;

        /// Converts the caller that the token proves, which is `None` on public routes.
        fn of(caller: Option<Caller>) -> Result<Self>;

        fn user(&self) -> Option<&UserId>;

        /// Returns the key of the rate limit's counter.
        fn rate_limit_key(&self, request: &Request) -> String;
    }
}

impl sealed::Sealed for Caller {
    const HAS_TOKEN: bool = true;

    fn of(caller: Option<Caller>) -> Result<Self> {
        caller.ok_or(Error::Unauthorized { refused: None })
    }

    fn user(&self) -> Option<&UserId> {
        Some(Caller::user(self))
    }

    fn rate_limit_key(&self, _: &Request) -> String {
        rate_limit_key::for_user(Caller::user(self))
    }
}

impl sealed::Sealed for Anonymous {
    const HAS_TOKEN: bool = false;

    fn of(_: Option<Caller>) -> Result<Self> {
        Ok(Self)
    }

    fn user(&self) -> Option<&UserId> {
        None
    }

    fn rate_limit_key(&self, request: &Request) -> String {
        rate_limit_key::for_ip(&request.source_ip)
    }
}
