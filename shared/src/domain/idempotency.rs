//! Requests that may be sent twice: which two requests are the same one, and for how long that is remembered.
//!
//! The header is that of the IETF draft `draft-ietf-httpapi-idempotency-key-header`.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Error, OrgScope, Result, hex};

/// How long an answer can be replayed.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// The longest key in characters.
const MAX_KEY_LENGTH: usize = 255;

/// A key that a caller chose: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Takes 1 to 255 visible ASCII characters, or nothing.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits =
            (1..=MAX_KEY_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }
}

/// One request that may be repeated: which answer it would replay, and what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeatable {
    record: String,
    fingerprint: String,
    now: Timestamp,
}

impl Repeatable {
    /// The request with this key to this route and path with this content, at `now`.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if the content can't be written as JSON.
    pub fn new(
        scope: &OrgScope,
        key: &IdempotencyKey,
        route: &str,
        path: &BTreeMap<String, String>,
        content: &impl Serialize,
        now: Timestamp,
    ) -> Result<Self> {
        let content = serde_json::to_vec(&(path, content)).map_err(Error::internal)?;
        // As a JSON array no part can run into the next.
        let parts = (scope.organization(), scope.user(), route, &key.0);
        let record = serde_json::to_vec(&parts).map_err(Error::internal)?;
        Ok(Self { record: hex(&Sha256::digest(record)), fingerprint: hex(&Sha256::digest(content)), now })
    }

    /// What names the record: organization, user, route and key in one hash.
    #[must_use]
    pub fn record_name(&self) -> &str {
        &self.record
    }

    /// What the request asks for, as a hash: the same for the same path and content.
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
        (self.now + KEPT).as_second()
    }

    /// Whether a record that expires at this Unix time in seconds still counts. Expired ones may linger in the table.
    #[must_use]
    pub fn counts(&self, expiry: i64) -> bool {
        expiry > self.now.as_second()
    }

    /// The Unix time in seconds at which this request came.
    #[must_use]
    pub fn arrival(&self) -> i64 {
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

/// What came of a write that may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written<T> {
    /// It took effect now.
    Now(T),
    /// It had taken effect before; this is what was answered then.
    Before(T),
}

#[cfg(test)]
mod tests {
    use super::super::{Caller, OrgId, UserId};
    use super::*;

    fn repeatable(organization: &str, user: &str, route: &str, key: &str) -> Repeatable {
        let caller = Caller::new(UserId::parse(user).unwrap(), vec![OrgId::parse(organization).unwrap()]);
        let key = IdempotencyKey::parse(key).unwrap();
        let scope = caller.enter(organization).unwrap();
        Repeatable::new(&scope, &key, route, &BTreeMap::new(), &"content", Timestamp::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn a_key_is_visible_ascii_of_1_to_255_characters() {
        assert!(IdempotencyKey::parse(&"k".repeat(255)).is_some());
        for bad in ["", "a b", "a\tb", "é", "\u{7f}", &"k".repeat(256)] {
            assert!(IdempotencyKey::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_record_belongs_to_one_user_in_one_organization_on_one_route() {
        let own = repeatable("acme", "alice", "POST /a", "key");
        assert_eq!(own, repeatable("acme", "alice", "POST /a", "key"));
        for other in [
            repeatable("umbrella", "alice", "POST /a", "key"),
            repeatable("acme", "bob", "POST /a", "key"),
            repeatable("acme", "alice", "POST /b", "key"),
            repeatable("acme", "alice", "POST /a", "key2"),
            repeatable("acm", "ealice", "POST /a", "key"),
        ] {
            assert_ne!(own.record_name(), other.record_name());
        }
    }

    #[test]
    fn a_record_counts_for_24_hours() {
        let first = repeatable("acme", "alice", "POST /a", "key");
        let later = |seconds| Repeatable { now: Timestamp::from_second(seconds).unwrap(), ..first.clone() };
        assert!(later(86_399).counts(first.expiry()));
        assert!(!later(86_400).counts(first.expiry()));
    }
}
