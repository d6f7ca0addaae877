//! Classes of characters and normal forms by Unicode's tables, and the identity of a name.

use sha2::{Digest, Sha256};
use unicase::UniCase;
use unicode_normalization::UnicodeNormalization;

use super::hex;

/// Returns `true` for `Default_Ignorable_Code_Point` (`DerivedCoreProperties.txt`, the same since Unicode 6.3): joiners,
/// selectors, fillers and marks that are invisible.
pub(super) fn is_default_ignorable(letter: char) -> bool {
    matches!(u32::from(letter),
        0xad | 0x34f | 0x61c | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f | 0x202a..=0x202e
        | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xfff8 | 0x1_bca0..=0x1_bca3
        | 0x1_d173..=0x1_d17a | 0xe_0000..=0xe_0fff)
}

/// Returns `true` for an invisible character other than white space and control characters: an ignorable one, the blank of
/// Braille, or a mark of annotation.
pub(super) fn is_invisible(letter: char) -> bool {
    is_default_ignorable(letter) || matches!(u32::from(letter), 0x2800 | 0xfff9..=0xfffb)
}

/// Returns `true` for an invisible character other than white space.
pub(super) fn shows_nothing(letter: char) -> bool {
    !letter.is_whitespace() && (letter.is_control() || is_invisible(letter))
}

/// Returns `true` if at least one character is visible.
pub(super) fn is_visible(text: &str) -> bool {
    text.chars().any(|letter| !letter.is_whitespace() && !shows_nothing(letter))
}

/// Trims white space as JavaScript does, byte order marks included. Returns an empty text if no character is visible.
pub(super) fn trimmed(text: &str) -> &str {
    let blank = |letter: char| letter.is_whitespace() || letter == '\u{feff}';
    if is_visible(text) { text.trim_matches(blank) } else { "" }
}

/// Folds case, width, ligatures and ignorable characters: `NFKC_Casefold` of the text's NFD (Unicode, section 3.13, D147).
pub(super) fn nfkc_casefold(text: &str) -> String {
    text.nfd().map(casefold).collect::<String>().nfc().collect()
}

/// Returns the identity of a name. Two names with the same key are the same name.
///
/// It is the SHA-256 (hex) of the name's `NFKC_Casefold` form without invisible characters. It is hashed because the form
/// can outgrow a sort key's 1,024 bytes.
///
/// ```
/// use shared::domain::name_key;
///
/// assert_eq!(name_key("Straße"), name_key("STRASSE"));
/// assert_ne!(name_key("Apollo"), name_key("Apollo 2"));
/// ```
#[must_use]
pub fn name_key(name: &str) -> String {
    let shown: String = nfkc_casefold(name).chars().filter(|letter| !shows_nothing(*letter)).collect();
    // Removed characters may leave white space at an end.
    hex(&Sha256::digest(shown.trim()))
}

/// Maps one character of an NFD by `NFKC_CF`, without composition.
fn casefold(letter: char) -> String {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase().to_string();
    }
    // A compatibility form may map to a character with case, such as a mathematical capital.
    folded(&folded(&letter.to_string()))
}

fn folded(text: &str) -> String {
    let folded = UniCase::unicode(text).to_folded_case();
    folded.chars().filter(|letter| !is_default_ignorable(*letter)).nfkd().collect()
}

#[cfg(test)]
mod tests;
