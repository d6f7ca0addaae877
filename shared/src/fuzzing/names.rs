//! Names, ids and keys of callers: file names become safe, ids and keys have one spelling.

use unicode_normalization::UnicodeNormalization;

use super::expected::{assert_safe_name, length};
use super::fixture::NOW;
use crate::domain::validation::specimen::ContractId;
use crate::domain::{FileName, IdempotencyKey, OrgId, UserId, name_key};

/// Input: a text.
pub fn names(data: &[u8]) {
    let text = &*String::from_utf8_lossy(data);
    assert_safe_name(&FileName::new(text));
    let visible = text.bytes().all(|byte| (0x21..0x7f).contains(&byte));
    assert_eq!(text.parse::<IdempotencyKey>().is_ok(), visible && length(text, 1, 255).is_none());
    assert_foreign_ids(text);
    assert_canonical_ids(text);
    // Composed and decomposed letters are the same name.
    let composed = (text.nfc().collect::<String>(), text.nfd().collect::<String>());
    assert_eq!((name_key(&composed.0), name_key(&composed.1)), (name_key(text), name_key(text)));
    assert_eq!(name_key(&text.to_ascii_uppercase()), name_key(&text.to_ascii_lowercase()));
}

fn assert_foreign_ids(text: &str) {
    let fits = (1..=255).contains(&text.len()) && !text.chars().any(char::is_control);
    let user = text.parse::<UserId>().ok();
    assert_eq!(user.as_ref().map(UserId::as_str), fits.then_some(text));
    let organization = text.parse::<OrgId>().ok();
    let fits = fits && text != "." && text != "..";
    assert_eq!(organization.as_ref().map(OrgId::as_str), fits.then_some(text));
}

fn assert_canonical_ids(text: &str) {
    let new = ContractId::new(NOW);
    assert_eq!(new.to_string().parse(), Ok(new));
    let printed = text.parse::<ContractId>().ok().map(|id| id.to_string());
    assert!(printed.is_none_or(|printed| printed == text));
}
