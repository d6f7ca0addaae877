//! The organization whose data is meant, and the keys that are its own.
//!
//! Everything that is read or deleted passes one of the `owns_…` checks here, although each call already asks for the
//! organization's keys only. A defect of such a filter must never reach another organization.

use std::str::FromStr;

use shared::domain::{OrgId, OrgScope, Scope};

/// Organization, as the beginnings of its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Organization {
    id: String,
    rows: String,
    objects: String,
    counters: String,
}

/// Parses an organization's id by the platform's rules: 1 to 255 bytes, no control characters, not `.` or `..`.
impl FromStr for Organization {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let id: OrgId = text.parse().map_err(|error| format!("an organization's id {error}"))?;
        let user = "operator".parse().map_err(|error| format!("the operator's name {error}"))?;
        #[expect(
            clippy::disallowed_methods,
            reason = "an operator acts by the permissions of AWS, not of a token"
        )]
        let scope = OrgScope::vouch(user, id, Vec::new());
        let name = scope.prefix();
        let name = name.strip_prefix("ORG#").ok_or("organizations have other keys than this tool knows")?;
        Ok(Self {
            id: text.to_owned(),
            rows: format!("ORG#{name}#"),
            objects: format!("{}/", scope.folder()),
            counters: format!("org#{name}"),
        })
    }
}

impl Organization {
    /// Returns the id, as tokens have it.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Returns the beginning of the partitions of its rows, such as `ORG#acme#`.
    pub(crate) fn rows(&self) -> &str {
        &self.rows
    }

    /// Returns the folder of its objects, such as `orgs/acme/`.
    pub(crate) fn objects(&self) -> &str {
        &self.objects
    }

    /// Returns the end of the keys of its counters, such as `org#acme`.
    pub(crate) fn counters(&self) -> &str {
        &self.counters
    }

    /// Returns `true` if a row of this partition is its own.
    pub(crate) fn owns_row(&self, partition: &str) -> bool {
        partition.starts_with(&self.rows)
    }

    /// Returns `true` if an object with this key is its own.
    pub(crate) fn owns_object(&self, key: &str) -> bool {
        key.starts_with(&self.objects)
    }

    /// Returns `true` if a counter with this key is its own: `{route}#{window}s#org#{id}`. A user's id may end like that
    /// too, so the whole key counts.
    pub(crate) fn owns_counter(&self, key: &str) -> bool {
        key.splitn(3, '#').nth(2) == Some(&self.counters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids that are each other's beginnings, or look like parts of keys.
    const HOSTILE: [&str; 16] = [
        "a",
        "acme",
        "acme2",
        "acme#",
        "acme#PROJECT",
        "acme%23",
        "acme/",
        "acme/x",
        "ACME",
        "acme ",
        "ac\u{301}me",
        "%",
        "#",
        "*",
        "\u{1f680}",
        "~",
    ];

    fn of(id: &str) -> Organization {
        id.parse().unwrap()
    }

    #[test]
    fn keys_are_those_of_the_platform() {
        let acme = of("acme");
        let keys = [acme.rows(), acme.objects(), acme.counters()];
        assert_eq!(keys, ["ORG#acme#", "orgs/acme/", "org#acme"]);
        assert_eq!((of("a#b").rows(), of("a/b").objects()), ("ORG#a%23b#", "orgs/a%2Fb/"));
    }

    #[test]
    fn no_organization_owns_keys_of_another() {
        for one in HOSTILE {
            for other in HOSTILE.into_iter().filter(|other| *other != one) {
                let (one, other) = (of(one), of(other));
                let row = format!("{}PROJECT", other.rows());
                let object = format!("{}01900000", other.objects());
                let counter = format!("list-projects#10s#{}", other.counters());
                let owned = [one.owns_row(&row), one.owns_object(&object), one.owns_counter(&counter)];
                assert_eq!(owned, [false; 3], "{} owns keys of {}", one.id(), other.id());
            }
        }
    }

    #[test]
    fn every_organization_owns_its_keys() {
        for id in HOSTILE {
            let own = of(id);
            assert!(own.owns_row(&format!("{}PROJECT", own.rows())), "{id}");
            assert!(own.owns_object(&format!("{}01900000", own.objects())), "{id}");
            assert!(own.owns_counter(&format!("list-projects#10s#{}", own.counters())), "{id}");
        }
    }

    #[test]
    fn user_named_like_an_organization_keeps_counters() {
        assert!(!of("acme").owns_counter("list-projects#10s#user#x#org#acme"));
        assert!(!of("acme").owns_counter("list-projects#10s#user#org#acme"));
        assert!(!of("acme").owns_counter("list-projects#10s#user#xs#org#acme"));
    }

    #[test]
    fn ids_of_no_organization_are_refused() {
        for id in ["", ".", "..", "a\nb", "a\0", &"a".repeat(256)] {
            assert!(id.parse::<Organization>().is_err(), "{id:?}");
        }
    }
}
