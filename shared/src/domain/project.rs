//! A project, what a caller may say of a new one, and when two names are the same.

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::text;
use super::time::serialize_millis;
use super::validation::{Input, ValidationError};
use super::{OrgId, OrgScope, ProjectId, UserId};

/// A project of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// The organization that it belongs to.
    pub org_id: OrgId,
    /// Its name, unique in the organization without regard to case, width and what can't be seen.
    pub name: String,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its color, as `#` and six hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// 1 at first, one more after each change.
    pub version: u64,
    /// Who created it.
    pub created_by: UserId,
    /// When it was created.
    #[serde(serialize_with = "serialize_millis")]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(serialize_with = "serialize_millis")]
    pub updated_at: Timestamp,
}

impl Project {
    /// The project that a caller creates in their organization at `now`.
    #[must_use]
    pub fn create(scope: &OrgScope, new: NewProject, now: Timestamp) -> Self {
        Self {
            id: ProjectId::new(now),
            org_id: scope.organization().clone(),
            name: new.name,
            description: new.description,
            color: new.color,
            version: 1,
            created_by: scope.user().clone(),
            created_at: now,
            updated_at: now,
        }
    }
}

/// What a caller says of a project to be created. Lengths count Unicode scalar values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Input)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NewProject {
    /// Trimmed, with at least one visible character; unique in the organization without regard to case, width and what
    /// can't be seen.
    #[input(trim)]
    #[validate(length(min = 1, max = 100))]
    name: String,
    /// What it is about.
    #[validate(length(max = 500))]
    description: Option<String>,
    /// Its color, as `#` and six hexadecimal digits.
    #[validate(custom(function = "hex_color"))]
    #[cfg_attr(feature = "openapi", schemars(regex(pattern = "^#[0-9A-Fa-f]{6}$")))]
    color: Option<String>,
}

fn hex_color(text: &str) -> Result<(), ValidationError> {
    let digits = text.strip_prefix('#').unwrap_or_default();
    let fits = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let refusal =
        || ValidationError::new("invalid_format").with_message("Color must be # and six hex digits".into());
    fits.then_some(()).ok_or_else(refusal)
}

/// The identity of a name: two names with the same key are the same name. It is the SHA-256 (hex) of the name's
/// `NFKC_Casefold` form without whatever else shows nothing, hashed because that form can outgrow a sort key's 1,024 bytes.
#[must_use]
pub fn name_key(name: &str) -> String {
    let shown: String =
        text::nfkc_casefold(name).chars().filter(|letter| !text::shows_nothing(*letter)).collect();
    // A blank at an end may have stood beside something that is gone.
    super::hex(&Sha256::digest(shown.trim()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_differ_in_form_only_are_the_same_name() {
        for (one, other) in [
            ("Apollo", "aPOLLO"),
            ("Straße", "STRASSE"),
            ("ΟΔΟΣ", "οδος"),
            ("Caf\u{e9}", "CAFE\u{301}"),
            ("\u{1e9e}", "ss"),
            ("\u{212b}ngstrom", "ångstrom"),
            ("Ａｐｏｌｌｏ１１", "apollo11"),
            ("ｱﾎﾟﾛ", "アポロ"),
            ("o\u{fb03}ce", "OFFICE"),
            ("Apo\u{ad}llo\u{200b}", "apollo"),
            ("\u{1f469}\u{200d}\u{1f4bb}", "\u{1f469}\u{1f4bb}"),
            ("Apollo\u{3164}", "apollo"),
        ] {
            assert_eq!(name_key(one), name_key(other), "{one} {other}");
        }
    }

    #[test]
    fn names_that_look_the_same_are_the_same_name() {
        for unseen in ["\u{a0}\u{ad}", " \u{200b}", "\u{2800}", "\u{fff9}", "\0", "\u{7}", "\u{3164} "] {
            assert_eq!(name_key(&format!("Apollo{unseen}")), name_key("Apollo"), "{unseen:?}");
            assert_eq!(name_key(&format!("{unseen}Apollo")), name_key("Apollo"), "{unseen:?}");
        }
        assert_eq!(name_key("Apo\u{7}l\u{2800}lo"), name_key("Apollo"));
    }

    #[test]
    fn names_that_differ_otherwise_are_different_names() {
        for (one, other) in [("Apollo", "Apollo 2"), ("cafe", "café"), ("a b", "ab"), ("1", "l"), ("ı", "i")]
        {
            assert_ne!(name_key(one), name_key(other), "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn the_form_of_a_name_is_the_same_name(name in "\\PC{1,100}") {
            prop_assert_eq!(name_key(&name), name_key(&text::nfkc_casefold(&name)));
        }

        #[test]
        fn ascii_case_never_matters(name in "[ -~]{1,100}") {
            prop_assert_eq!(name_key(&name.to_ascii_uppercase()), name_key(&name.to_ascii_lowercase()));
        }
    }
}
