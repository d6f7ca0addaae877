//! Keys of rows, and lists of rows.
//!
//! | rows | partition (`pk`) | sort key (`sk`) |
//! |---|---|---|
//! | of a listed kind | scope, kind and all parts but the last, such as `ORG#acme#LINE#INV-7` | the last part, such as `1` |
//! | of an [`Unlisted`](super::Unlisted) kind | scope, kind and all parts, such as `ORG#acme#NUMBER#INV-7` | `#` |
//!
//! A partition takes 1,000 write units a second. A list has a partition of its own and an unlisted row one for itself, so
//! an organization's rows don't share that limit. All keys of a scope have its prefix.

use std::fmt::Display;

use percent_encoding::{percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::kind::Kind;
use super::row::{Item, text};
use crate::domain::{ESCAPED, Error, Result, Scope, hex};

/// Maximum length of a part in bytes. A sort key can have 1,024, a partition 2,048.
const MAX_PART_BYTES: usize = 200;

/// Sort key of a row that has its partition for itself. No encoded part is equal to it.
pub(super) const ALONE: &str = "#";

/// Returns the partition of the rows of a kind with these parts, in the scope with this prefix.
fn partition(scope: &str, kind: &str, parts: &[&dyn Display]) -> String {
    parts.iter().fold(format!("{scope}#{kind}"), |key, part| key + "#" + &encode(*part))
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

/// Decodes a part of a key. A part that was replaced by its hash stays as it is.
///
/// # Errors
///
/// [`Error::Internal`] if it is not UTF-8, so it is none of this service's.
pub(super) fn decode(part: &str) -> Result<String> {
    match part {
        "~" => Ok(String::new()),
        part => Ok(percent_decode_str(part).decode_utf8().map_err(Error::internal)?.into_owned()),
    }
}

/// Key of a row: a partition within a scope, and a sort key.
///
/// ```
/// # use shared::domain::OrgScope;
/// # let scope = OrgScope::vouch("alice".parse()?, "acme".parse()?, Vec::new());
/// use shared::storage::{AttributeValue, Key, Kind};
///
/// const LINE: Kind<2> = Kind::new("LINE");
///
/// let key = Key::new(&scope, LINE, [&"INV-7", &1]).item();
/// assert_eq!(key["pk"], AttributeValue::S("ORG#acme#LINE#INV-7".to_owned()));
/// assert_eq!(key["sk"], AttributeValue::S("1".to_owned()));
/// # Ok::<(), shared::domain::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub(super) partition: String,
    pub(super) sort: String,
}

impl Key {
    /// Returns the key with these parts in a scope. Any text can be a part; different texts give different keys.
    pub fn new<const PARTS: usize, const LISTED: bool>(
        scope: &impl Scope,
        kind: Kind<PARTS, LISTED>,
        parts: [&dyn Display; PARTS],
    ) -> Self {
        Self::within(&scope.prefix(), kind, parts)
    }

    pub(super) fn within<const PARTS: usize, const LISTED: bool>(
        scope: &str,
        kind: Kind<PARTS, LISTED>,
        parts: [&dyn Display; PARTS],
    ) -> Self {
        match parts.split_last() {
            Some((last, parents)) if LISTED => {
                Self { partition: partition(scope, kind.name, parents), sort: encode(*last) }
            }
            _ => Self { partition: partition(scope, kind.name, &parts), sort: ALONE.to_owned() },
        }
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
}

impl List {
    /// Returns the list of the rows whose keys have these parts and one more.
    pub fn new<const PARTS: usize, const PARENTS: usize>(
        scope: &impl Scope,
        kind: Kind<PARTS>,
        parents: [&dyn Display; PARENTS],
    ) -> Self {
        const { assert!(PARENTS + 1 == PARTS, "all parts but the last name the list") };
        Self { partition: partition(&scope.prefix(), kind.name, &parents) }
    }

    /// Returns the key of the row at a place in the list; `None` for a place that no key can have.
    pub(super) fn key(&self, place: &str) -> Option<Key> {
        let fits = !place.is_empty() && place.len() <= MAX_PART_BYTES;
        fits.then(|| Key { partition: self.partition.clone(), sort: place.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::{Caller, OrgScope};
    use crate::storage::Unlisted;

    const NOTE: Kind<1> = Kind::new("NOTE");
    const LINE: Kind<2> = Kind::new("LINE");
    const NUMBER: Unlisted<2> = Unlisted::new("NUMBER");

    fn acme() -> OrgScope {
        let alice = Caller::new("alice".parse().unwrap(), vec!["acme".parse().unwrap()]);
        alice.authorize_org("acme").unwrap()
    }

    #[test]
    fn ids_are_not_encoded() {
        let id = "01900000-0000-7000-8000-000000000001";
        assert_eq!(Key::new(&acme(), NOTE, [&id]).sort, id);
        let line = Key::new(&acme(), LINE, [&id, &7]);
        assert_eq!((line.partition, line.sort), (format!("ORG#acme#LINE#{id}"), "7".to_owned()));
    }

    #[test]
    fn different_parts_give_different_keys() {
        let long = "x".repeat(2_000);
        let texts = ["", "~", "%", "#", "a#b", "a%23b", "\n", "\u{e9}", &long, &long[1..]];
        let pairs = texts.iter().flat_map(|one| texts.iter().map(move |other| [*one, *other]));
        let key = |[one, other]: [&str; 2]| Key::new(&acme(), LINE, [&one, &other]);
        let alone = |[one, other]: [&str; 2]| Key::new(&acme(), NUMBER, [&one, &other]);
        let keys: Vec<_> = pairs.clone().map(key).chain(pairs.map(alone)).collect();
        let distinct: BTreeSet<_> = keys.iter().map(|key| (&key.partition, &key.sort)).collect();
        assert_eq!(distinct.len(), keys.len());
        assert!(keys.iter().all(|key| key.partition.len() <= 2_048 && key.sort.len() <= 1_024));
        assert!(
            keys.iter().all(|key| key.partition.starts_with("ORG#acme#")
                && (key.sort == ALONE || !key.sort.contains('#')))
        );
    }

    #[test]
    fn longest_id_fits_into_a_key() {
        let id = "\u{e9}".repeat(127);
        let scope =
            Caller::new("alice".parse().unwrap(), vec![id.parse().unwrap()]).authorize_org(&id).unwrap();
        let key = Key::new(&scope, NUMBER, [&"x".repeat(200), &"x".repeat(200)]);
        assert!(key.partition.len() <= 2_048);
    }

    #[test]
    fn place_longer_than_a_key_is_refused() {
        let list = List::new(&acme(), NOTE, []);
        assert!(list.key("a").is_some() && list.key("").is_none() && list.key(&"a".repeat(1_100)).is_none());
    }
}
