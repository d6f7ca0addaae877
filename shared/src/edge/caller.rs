//! Identity of a caller: a verified user, or nobody in particular.

use super::error::{Error, Result};
use super::middleware::rate_limit_key;
use super::request::Request;
use crate::domain::{Caller, UserId};

/// Identity that a route asks for: [`Caller`] or [`Anonymous`], and nothing else.
pub trait Identity: sealed::Sealed {}

/// Caller of a public route. A token that they send is not looked at.
#[derive(Debug)]
pub struct Anonymous;

impl Identity for Caller {}
impl Identity for Anonymous {}

pub(super) mod sealed {
    use super::{Caller, Request, Result, UserId};

    /// Parts of an identity that the pipeline needs.
    pub trait Sealed: Sized {
        /// `true` if the identity is proven by a token.
        const HAS_TOKEN: bool;

        /// Makes the identity of the caller whom the token proves, where one is asked for.
        fn of(caller: Option<Caller>) -> Result<Self>;

        /// The user, where there is one.
        fn user(&self) -> Option<&UserId>;

        /// Key of the rate limit's counter.
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
