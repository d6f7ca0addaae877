//! A project, what a caller may say of a new one, and when two names are the same.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;
use validator::{Validate, ValidationError};

use super::time::serialize_millis;
use super::validation::{Input, Valid};
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
    /// Its name, unique in the organization without regard to case.
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

/// What a caller says of a project to be created; every rule is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewProject {
    name: String,
    description: Option<String>,
    color: Option<String>,
}

/// What a caller says of a project to be created. Lengths count Unicode scalar values.
#[derive(Debug, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema), schemars(rename = "NewProject"))]
pub struct NewProjectFields {
    /// Trimmed; unique in the organization without regard to case.
    #[serde(deserialize_with = "trimmed")]
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

impl Input for NewProject {
    type Fields = NewProjectFields;
}

impl From<Valid<NewProjectFields>> for NewProject {
    fn from(fields: Valid<NewProjectFields>) -> Self {
        let NewProjectFields { name, description, color } = fields.into_inner();
        Self { name, description, color }
    }
}

fn trimmed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    // As JavaScript trims: it counts the byte order mark as white space.
    let blank = |letter: char| letter.is_whitespace() || letter == '\u{feff}';
    String::deserialize(deserializer).map(|text| text.trim_matches(blank).to_owned())
}

fn hex_color(text: &str) -> Result<(), ValidationError> {
    let digits = text.strip_prefix('#').unwrap_or_default();
    let fits = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let refusal =
        || ValidationError::new("invalid_format").with_message("Color must be # and six hex digits".into());
    fits.then_some(()).ok_or_else(refusal)
}

/// The identity of a name: two names with the same key are the same name. It is the SHA-256 (hex) of the name's
/// canonical caseless form (Unicode 16, section 3.13, D145), hashed because folding can outgrow a sort key's 1,024 bytes.
#[must_use]
pub fn name_key(name: &str) -> String {
    let composed: String = name.nfd().collect();
    let folded: String = UniCase::unicode(composed).to_folded_case().nfc().collect();
    super::hex(&Sha256::digest(folded))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_differ_in_case_or_composition_are_the_same_name() {
        for (one, other) in [
            ("Apollo", "aPOLLO"),
            ("Straße", "STRASSE"),
            ("ΟΔΟΣ", "οδος"),
            ("Caf\u{e9}", "CAFE\u{301}"),
            ("\u{1e9e}", "ss"),
            ("\u{212b}ngstrom", "ångstrom"),
        ] {
            assert_eq!(name_key(one), name_key(other), "{one} {other}");
        }
    }

    #[test]
    fn names_that_differ_otherwise_are_different_names() {
        for (one, other) in [("Apollo", "Apollo 2"), ("cafe", "café"), ("a b", "ab"), ("1", "l")] {
            assert_ne!(name_key(one), name_key(other), "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn folding_the_case_of_a_name_never_makes_it_another(name in "\\PC{1,100}") {
            // Decomposed first, as D145 has it: the iota that U+0345 folds to would stop marks from being reordered.
            let decomposed: String = name.nfd().collect();
            let folded = UniCase::unicode(decomposed).to_folded_case();
            prop_assert_eq!(name_key(&name), name_key(&folded));
        }

        #[test]
        fn ascii_case_never_matters(name in "[ -~]{1,100}") {
            prop_assert_eq!(name_key(&name.to_ascii_uppercase()), name_key(&name.to_ascii_lowercase()));
        }
    }
}
