//! Names, ids and keys that others choose: taken as they are or made harmless, and never two spellings of one thing.

use unicode_normalization::UnicodeNormalization;

use super::expected::{is_harmless, length};
use super::stage::NOW;
use crate::domain::validation::specimen::ContractId;
use crate::domain::{FileName, IdempotencyKey, OrgId, UserId, name_key};

/// An input is a text.
pub fn names(data: &[u8]) {
    let text = &*String::from_utf8_lossy(data);
    is_harmless(&FileName::new(text));
    let visible = text.bytes().all(|byte| (0x21..0x7f).contains(&byte));
    assert_eq!(text.parse::<IdempotencyKey>().is_ok(), visible && length(text, 1, 255).is_none());
    foreign_ids_are_kept(text);
    own_ids_have_one_spelling(text);
    // However a keyboard composes a letter, it is the same name.
    let composed = (text.nfc().collect::<String>(), text.nfd().collect::<String>());
    assert_eq!((name_key(&composed.0), name_key(&composed.1)), (name_key(text), name_key(text)));
    assert_eq!(name_key(&text.to_ascii_uppercase()), name_key(&text.to_ascii_lowercase()));
}

fn foreign_ids_are_kept(text: &str) {
    let fits = (1..=255).contains(&text.len()) && !text.chars().any(char::is_control);
    let user = text.parse::<UserId>().ok();
    assert_eq!(user.as_ref().map(UserId::as_str), fits.then_some(text));
    let organization = text.parse::<OrgId>().ok();
    let fits = fits && text != "." && text != "..";
    assert_eq!(organization.as_ref().map(OrgId::as_str), fits.then_some(text));
}

fn own_ids_have_one_spelling(text: &str) {
    let new = ContractId::new(NOW);
    assert_eq!(new.to_string().parse(), Ok(new));
    let printed = text.parse::<ContractId>().ok().map(|id| id.to_string());
    assert!(printed.is_none_or(|printed| printed == text));
}
