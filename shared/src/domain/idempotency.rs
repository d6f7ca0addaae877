//! Idempotent requests, by the IETF draft `draft-ietf-httpapi-idempotency-key-header`.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{CallerScope, Error, ParseError, Result, hex};

/// Time for which a response can be replayed.
const RECORD_TTL: SignedDuration = SignedDuration::from_hours(24);

/// Maximum length of a key in characters.
const MAX_KEY_LENGTH: usize = 255;

/// `Idempotency-Key` of a request: 1 to 255 visible ASCII characters.
///
/// ```
/// use shared::domain::IdempotencyKey;
///
/// assert!("8e03978e-40d5-43dd-bc93-6894a57f9324".parse::<IdempotencyKey>().is_ok());
/// let error = "two words".parse::<IdempotencyKey>().unwrap_err();
/// assert_eq!(error.to_string(), "must be 1 to 255 visible ASCII characters");
/// ```
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

/// Request with an `Idempotency-Key`. Two requests are equal if scope, user, route, key, path and content are.
///
/// A handler gets it from `Idempotent::open` and passes it to its storage call, which passes it to
/// [`Transaction::idempotent`](crate::storage::Transaction::idempotent).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotentRequest {
    scope: String,
    record: String,
    fingerprint: String,
    now: Timestamp,
}

impl IdempotentRequest {
    /// Makes the request from its parts. `now` is the time at which it came.
    ///
    /// ```
    /// # use std::collections::BTreeMap;
    /// # use jiff::Timestamp;
    /// # use shared::domain::{IdempotentRequest, OrgScope};
    /// # let scope = OrgScope::vouch("alice".parse()?, "acme".parse()?, Vec::new());
    /// let (key, path, now) = ("key-1".parse()?, BTreeMap::new(), Timestamp::UNIX_EPOCH);
    /// let first = IdempotentRequest::new(&scope, &key, "POST /v1/notes", &path, &"text", now)?;
    /// let other = IdempotentRequest::new(&scope, &key, "POST /v1/notes", &path, &"another text", now)?;
    /// assert_eq!(first.record_name(), other.record_name());
    /// assert!(other.check(first.fingerprint()).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if the content can't be written as JSON.
    pub fn new(
        scope: &impl CallerScope,
        key: &IdempotencyKey,
        route: &str,
        path: &BTreeMap<String, String>,
        content: &impl Serialize,
        now: Timestamp,
    ) -> Result<Self> {
        let content = serde_json::to_vec(&(path, content)).map_err(Error::internal)?;
        let prefix = scope.prefix();
        // In a JSON array no part can run into the next.
        let parts = (&prefix, scope.user(), route, &key.0);
        let record = serde_json::to_vec(&parts).map_err(Error::internal)?;
        Ok(Self {
            scope: prefix,
            record: hex(&Sha256::digest(record)),
            fingerprint: hex(&Sha256::digest(content)),
            now,
        })
    }

    /// Returns the prefix of the record's key, which is the scope's.
    #[must_use]
    pub(crate) fn scope(&self) -> &str {
        &self.scope
    }

    /// Returns the name of the record: a hash of scope, user, route and key.
    #[must_use]
    pub fn record_name(&self) -> &str {
        &self.record
    }

    /// Returns a hash of path and content.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Returns the Unix time in seconds at which the record expires.
    #[must_use]
    pub fn expiry(&self) -> i64 {
        (self.now + RECORD_TTL).as_second()
    }

    /// Returns `true` if a record with this expiry (Unix time in seconds) is expired. It may still be in the table.
    #[must_use]
    pub fn is_expired(&self, expiry: i64) -> bool {
        expiry <= self.now.as_second()
    }

    /// Returns the Unix time in seconds at which the request came.
    #[must_use]
    pub fn received_at(&self) -> i64 {
        self.now.as_second()
    }

    /// Checks that the fingerprint in a record is this request's.
    ///
    /// # Errors
    ///
    /// [`Error::Unprocessable`] if the key was used for another request.
    pub fn check(&self, recorded: &str) -> Result<()> {
        let same = recorded == self.fingerprint;
        same.then_some(()).ok_or(Error::KEY_REUSED)
    }
}

/// Outcome of an idempotent write.
///
/// ```
/// use shared::domain::Outcome;
///
/// let outcome = Outcome::Replayed("INV-7").map(str::len);
/// assert_eq!(outcome, Outcome::Replayed(5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    /// The write took effect now.
    Created(T),
    /// The write took effect before, for an equal request. This is the stored value.
    Replayed(T),
}

impl<T> Outcome<T> {
    /// Returns the value.
    pub fn value(&self) -> &T {
        match self {
            Self::Created(value) | Self::Replayed(value) => value,
        }
    }

    /// Applies `change` to the value and keeps the variant.
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
    fn key_is_1_to_255_visible_ascii_characters() {
        assert!("k".repeat(255).parse::<IdempotencyKey>().is_ok());
        for bad in ["", "a b", "a\tb", "é", "\u{7f}", &"k".repeat(256)] {
            assert!(bad.parse::<IdempotencyKey>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn record_belongs_to_user_organization_and_route() {
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
    fn record_expires_after_24_hours() {
        let first = request("acme", "alice", "POST /a", "key");
        let later =
            |seconds| IdempotentRequest { now: Timestamp::from_second(seconds).unwrap(), ..first.clone() };
        assert!(!later(86_399).is_expired(first.expiry()));
        assert!(later(86_400).is_expired(first.expiry()));
    }
}
