//! Idempotent requests: which two requests are equal, and for how long that is remembered.
//!
//! The header is that of the IETF request `request-ietf-httpapi-idempotency-key-header`.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Error, ParseError, Result, Scope, hex};

/// Time for which a response can be replayed.
const RECORD_TTL: SignedDuration = SignedDuration::from_hours(24);

/// The longest key in characters.
const MAX_KEY_LENGTH: usize = 255;

/// A key that a caller chose: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl FromStr for IdempotencyKey {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let fits =
            (1..=MAX_KEY_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
            .ok_or_else(|| ParseError::new("must be 1 to 255 visible ASCII characters"))
    }
}

/// One request with an `Idempotency-Key`: which response it would replay, and what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotentRequest {
    partition: String,
    record: String,
    fingerprint: String,
    now: Timestamp,
}

impl IdempotentRequest {
    /// The request with this key to this route and path with this content, at `now`.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if the content can't be written as JSON.
    pub fn new(
        scope: &impl Scope,
        key: &IdempotencyKey,
        route: &str,
        path: &BTreeMap<String, String>,
        content: &impl Serialize,
        now: Timestamp,
    ) -> Result<Self> {
        let content = serde_json::to_vec(&(path, content)).map_err(Error::internal)?;
        // As a JSON array no part can run into the next.
        let partition = scope.partition();
        // Without the kind of the scope, which the partition has: so the first version named records.
        let id = partition.strip_prefix("ORG#").unwrap_or(&partition);
        let parts = (id, scope.user(), route, &key.0);
        let record = serde_json::to_vec(&parts).map_err(Error::internal)?;
        Ok(Self {
            partition,
            record: hex(&Sha256::digest(record)),
            fingerprint: hex(&Sha256::digest(content)),
            now,
        })
    }

    /// Partition of the record: the scope's.
    #[must_use]
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// Name of the record: scope, user, route and key in one hash.
    #[must_use]
    pub fn record_name(&self) -> &str {
        &self.record
    }

    /// Hash of what the request asks for: the same for the same path and content.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// A name that only this key together with this content has.
    #[must_use]
    pub fn object_name(&self) -> String {
        hex(&Sha256::digest(format!("{}/{}", self.record, self.fingerprint)))
    }

    /// The Unix time in seconds from which the record no longer counts.
    #[must_use]
    pub fn expiry(&self) -> i64 {
        (self.now + RECORD_TTL).as_second()
    }

    /// Returns `true` if a record with this expiry (Unix time in seconds) is expired. It may linger in the table.
    #[must_use]
    pub fn is_expired(&self, expiry: i64) -> bool {
        expiry <= self.now.as_second()
    }

    /// Unix time in seconds at which this request came.
    #[must_use]
    pub fn received_at(&self) -> i64 {
        self.now.as_second()
    }

    /// Checks that a recorded request was this one.
    ///
    /// # Errors
    ///
    /// [`Error::Unprocessable`] if it asked for something else.
    pub fn check(&self, recorded: &str) -> Result<()> {
        let same = recorded == self.fingerprint;
        same.then_some(()).ok_or(Error::Unprocessable("This Idempotency-Key was used for another request"))
    }
}

/// Outcome of a write that may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// It took effect now.
    Created(T),
    /// It had taken effect before; this is the response of then.
    Replayed(T),
}

impl<T> Outcome<T> {
    /// Returns what `change` makes of the value, with the same outcome.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Created(value) => Outcome::Created(change(value)),
            Self::Replayed(value) => Outcome::Replayed(change(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Caller;
    use super::*;

    fn request(organization: &str, user: &str, route: &str, key: &str) -> IdempotentRequest {
        let caller = Caller::new(user.parse().unwrap(), vec![organization.parse().unwrap()]);
        let key = key.parse().unwrap();
        let scope = caller.authorize_org(organization).unwrap();
        IdempotentRequest::new(&scope, &key, route, &BTreeMap::new(), &"content", Timestamp::UNIX_EPOCH)
            .unwrap()
    }

    #[test]
    fn a_key_is_visible_ascii_of_1_to_255_characters() {
        assert!("k".repeat(255).parse::<IdempotencyKey>().is_ok());
        for bad in ["", "a b", "a\tb", "é", "\u{7f}", &"k".repeat(256)] {
            assert!(bad.parse::<IdempotencyKey>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_record_belongs_to_one_user_in_one_organization_on_one_route() {
        let own = request("acme", "alice", "POST /a", "key");
        assert_eq!(own, request("acme", "alice", "POST /a", "key"));
        for other in [
            request("umbrella", "alice", "POST /a", "key"),
            request("acme", "bob", "POST /a", "key"),
            request("acme", "alice", "POST /b", "key"),
            request("acme", "alice", "POST /a", "key2"),
            request("acm", "ealice", "POST /a", "key"),
        ] {
            assert_ne!(own.record_name(), other.record_name());
        }
    }

    #[test]
    fn a_record_counts_for_24_hours() {
        let first = request("acme", "alice", "POST /a", "key");
        let later =
            |seconds| IdempotentRequest { now: Timestamp::from_second(seconds).unwrap(), ..first.clone() };
        assert!(!later(86_399).is_expired(first.expiry()));
        assert!(later(86_400).is_expired(first.expiry()));
    }
}
