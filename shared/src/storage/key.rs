//! Keys of rows, and lists of rows whose keys have a common prefix.

use std::fmt::Display;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::row::{Item, text};
use crate::domain::{Scope, hex};

/// Maximum length of a part in bytes. A sort key can have 1,024.
const MAX_PART_BYTES: usize = 200;

/// Characters of a part that are escaped: the separator, the escape characters and controls.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'#').add(b'%').add(b'~');

/// Kind of row. Its keys have this name and this number of parts. No two kinds share a key.
///
/// ```
/// use shared::storage::Kind;
///
/// const INVOICE: Kind<1> = Kind::new("INVOICE");
/// const LINE: Kind<2> = Kind::new("LINE");
/// ```
///
/// Reserved and ambiguous names don't compile:
///
/// ```compile_fail,E0080
/// const RECORD: shared::storage::Kind<1> = shared::storage::Kind::new("IDEMPOTENCY");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind<const PARTS: usize>(&'static str);

/// Kind of the records of idempotent requests. Applications can't use it.
pub(super) const IDEMPOTENCY: Kind<1> = Kind("IDEMPOTENCY");

impl<const PARTS: usize> Kind<PARTS> {
    /// Returns the kind with this name: 1 to 32 capitals.
    ///
    /// # Panics
    ///
    /// At compile time, in a constant, for any other name, and for names of the platform's own rows.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        let bytes = name.as_bytes();
        assert!(!bytes.is_empty() && bytes.len() <= 32 && PARTS > 0 && PARTS <= 4);
        let mut at = 0;
        while at < bytes.len() {
            assert!(bytes[at].is_ascii_uppercase(), "the name of a kind is in capitals");
            at += 1;
        }
        assert!(!is_same(bytes, IDEMPOTENCY.0.as_bytes()), "rows of this kind are the platform's");
        Self(name)
    }

    /// Returns the prefix of a sort key: name and parts, each with a `#` behind it.
    fn prefix(self, parts: &[&dyn Display]) -> String {
        prefix(self.0, parts)
    }
}

fn prefix(kind: &str, parts: &[&dyn Display]) -> String {
    parts.iter().fold(format!("{kind}#"), |key, part| key + &encode(*part) + "#")
}

/// Returns `true` for equal bytes, in a constant.
const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// Encodes a part so that it ends at the next `#`. Replaces one that is too long by its hash. Resource ids and hexadecimal
/// digits stay unchanged.
fn encode(part: &dyn Display) -> String {
    let part = part.to_string();
    let encoded = utf8_percent_encode(&part, ESCAPED).to_string();
    match encoded.len() {
        0 => "~".to_owned(),
        length if length > MAX_PART_BYTES => format!("~{}", hex(&Sha256::digest(part))),
        _ => encoded,
    }
}

/// Key of a row: the partition of a scope, and a sort key within it.
///
/// ```
/// # use shared::domain::OrgScope;
/// # let scope = OrgScope::vouch("alice".parse()?, "acme".parse()?, Vec::new());
/// use shared::storage::{AttributeValue, Key, Kind};
///
/// const LINE: Kind<2> = Kind::new("LINE");
///
/// let key = Key::new(&scope, LINE, [&"INV-7", &1]).item();
/// assert_eq!(key["pk"], AttributeValue::S("ORG#acme".to_owned()));
/// assert_eq!(key["sk"], AttributeValue::S("LINE#INV-7#1".to_owned()));
/// # Ok::<(), shared::domain::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub(super) partition: String,
    pub(super) sort: String,
}

impl Key {
    /// Returns the key with these parts in the partition of a scope. Any text can be a part; different texts give different
    /// keys.
    pub fn new<const PARTS: usize>(
        scope: &impl Scope,
        kind: Kind<PARTS>,
        parts: [&dyn Display; PARTS],
    ) -> Self {
        Self::within(scope.partition(), kind, parts)
    }

    pub(super) fn within<const PARTS: usize>(
        partition: String,
        kind: Kind<PARTS>,
        parts: [&dyn Display; PARTS],
    ) -> Self {
        let mut sort = kind.prefix(&parts);
        sort.pop();
        Self { partition, sort }
    }

    /// Returns the attributes of the primary key, for calls that [`Table`](super::Table) doesn't make.
    #[must_use]
    pub fn item(&self) -> Item {
        Item::from([("pk".to_owned(), text(&self.partition)), ("sk".to_owned(), text(&self.sort))])
    }
}

/// List of the rows of one kind in a scope. Its parts are all but the last of the rows' keys.
///
/// ```
/// # use shared::domain::{OrgScope, Scope};
/// use shared::storage::{Kind, List};
///
/// const LINE: Kind<2> = Kind::new("LINE");
///
/// fn lines(scope: &OrgScope, invoice: &str) -> List {
///     List::new(scope, LINE, [&invoice])
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    pub(super) partition: String,
    pub(super) prefix: String,
}

impl List {
    /// Returns the list of the rows whose keys have these parts and one more.
    pub fn new<const PARTS: usize, const PARENTS: usize>(
        scope: &impl Scope,
        kind: Kind<PARTS>,
        parents: [&dyn Display; PARENTS],
    ) -> Self {
        const { assert!(PARENTS + 1 == PARTS, "all parts but the last name the list") };
        Self { partition: scope.partition(), prefix: kind.prefix(&parents) }
    }

    /// Returns the key of the row at a place in the list; `None` for a place that no key can have.
    pub(super) fn key(&self, place: &str) -> Option<Key> {
        let fits = !place.is_empty() && place.len() <= MAX_PART_BYTES;
        fits.then(|| Key { partition: self.partition.clone(), sort: format!("{}{place}", self.prefix) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Caller, OrgScope};

    const NOTE: Kind<1> = Kind::new("NOTE");
    const LINE: Kind<2> = Kind::new("LINE");

    fn acme() -> OrgScope {
        let alice = Caller::new("alice".parse().unwrap(), vec!["acme".parse().unwrap()]);
        alice.authorize_org("acme").unwrap()
    }

    #[test]
    fn ids_are_not_encoded() {
        let id = "01900000-0000-7000-8000-000000000001";
        assert_eq!(Key::new(&acme(), NOTE, [&id]).sort, format!("NOTE#{id}"));
        assert_eq!(Key::new(&acme(), LINE, [&id, &7]).sort, format!("LINE#{id}#7"));
    }

    #[test]
    fn different_parts_give_different_keys() {
        let long = "x".repeat(2_000);
        let texts = ["", "~", "%", "#", "a#b", "a%23b", "\n", "\u{e9}", &long, &long[1..]];
        let keys: Vec<_> = texts
            .iter()
            .flat_map(|one| texts.iter().map(move |other| Key::new(&acme(), LINE, [one, other]).sort))
            .collect();
        let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len());
        assert!(keys.iter().all(|key| key.len() <= 1_024 && key.matches('#').count() == 2));
    }

    #[test]
    fn place_longer_than_a_key_is_refused() {
        let list = List::new(&acme(), NOTE, []);
        assert!(list.key("a").is_some() && list.key("").is_none() && list.key(&"a".repeat(1_100)).is_none());
    }
}
