//! A file that a caller sends, and what becomes of the name that they gave it.

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::text::is_invisible;
use super::validation::{IssueCode, Issues};
use super::{AllowedTypes, Error, Result, hex};

/// A file that a caller sends: not empty, of an allowed type, and of the type it declares, if it declares one.
#[derive(Clone, Debug)]
pub struct NewFile {
    name: FileName,
    content_type: &'static str,
    bytes: Bytes,
    sha256: [u8; 32],
}

impl NewFile {
    /// Checks a file. An empty `declared` type is none.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for an empty file, and what [`AllowedTypes::check`] refuses.
    pub fn new(sent_name: &str, declared: &str, bytes: Bytes, allowed: &AllowedTypes) -> Result<Self> {
        if bytes.is_empty() {
            return Err(Error::Invalid(Issues::one("file", IssueCode::TooSmall, "File is empty")));
        }
        let name = FileName::new(sent_name);
        let content_type = allowed.check(declared, name.as_str(), &bytes)?;
        let sha256 = Sha256::digest(&bytes).into();
        Ok(Self { name, content_type, bytes, sha256 })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &FileName {
        &self.name
    }

    /// Its media type.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// The SHA-256 of its bytes.
    #[must_use]
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }

    /// Size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The SHA-256 in lower-case hexadecimal digits.
    #[must_use]
    pub fn sha256_hex(&self) -> String {
        hex(&self.sha256)
    }
}

/// Identity, whatever the transport: name, type and hash.
impl Serialize for NewFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.name, self.content_type, self.sha256_hex()).serialize(serializer)
    }
}

/// The longest name in characters.
const MAX_NAME_LENGTH: usize = 255;

/// The name of a file where its sender gave none that can be kept.
const UNNAMED: &str = "file";

/// A file name without path, control characters, direction overrides and what can't be seen: 1 to 255 characters. It is
/// only data: no key or path is ever made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(
    description = "File name without a path, control characters and what can't be seen: 1 to 255 characters."
)]
pub struct FileName(String);

impl FileName {
    /// Makes any text a harmless name. OWASP's File Upload Cheat Sheet says what to remove.
    #[must_use]
    pub fn new(sent: &str) -> Self {
        let base = sent.rsplit(['/', '\\']).next().unwrap_or_default();
        let visible: String = base.chars().filter(|letter| !is_harmful(*letter)).collect();
        // What is cut off may leave an end that has to go as well.
        let name = shortened(trimmed(&visible));
        let name = trimmed(&name);
        Self(if name.is_empty() { UNNAMED } else { name }.to_owned())
    }

    /// Takes a name of a row, which was made harmless before.
    #[must_use]
    pub fn from_storage(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Windows drops trailing dots and spaces, so names that differ in them only would collide there. Joiners and selectors
/// do nothing at an end, and a name of nothing else would look empty.
fn trimmed(name: &str) -> &str {
    let blank = |letter: char| {
        letter.is_whitespace() || matches!(letter, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0e}')
    };
    name.trim_start_matches(blank).trim_end_matches(|letter: char| letter == '.' || blank(letter))
}

/// What no name needs and what can deceive who reads it: control characters, separators of lines and paragraphs, and what
/// can't be seen, marks of direction among it, which can make `gpj.exe` read as `exe.jpg` (Unicode Technical Report 36,
/// section 3.3). Joiners and selectors of variants stay, as Persian, scripts of India and emoji are written with them.
fn is_harmful(letter: char) -> bool {
    let is_joining = matches!(letter, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}');
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}') || is_invisible(letter) && !is_joining
}

/// At most 255 characters, with the extension kept where there is a usual one.
fn shortened(name: &str) -> String {
    let length = name.chars().count();
    if length <= MAX_NAME_LENGTH {
        return name.to_owned();
    }
    let extension =
        name.rfind('.').map(|dot| &name[dot..]).filter(|extension| extension.len() <= 16).unwrap_or_default();
    let kept = MAX_NAME_LENGTH - extension.chars().count();
    name.chars().take(kept).chain(extension.chars()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_controls_and_what_deceives_are_removed() {
        for (sent, kept) in [
            ("photo.png", "photo.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\fakepath\\photo.png", "photo.png"),
            ("a\0b\r\nc.txt", "abc.txt"),
            ("exe.\u{202e}gpj", "exe.gpj"),
            ("a\u{200b}b\u{feff}c\u{2028}.txt", "abc.txt"),
            ("\u{1f469}\u{200d}\u{1f4bb}.png\u{200d}", "\u{1f469}\u{200d}\u{1f4bb}.png"),
            ("\u{200d} \u{200b}", "file"),
            ("  spaced name.txt  ", "spaced name.txt"),
            ("name.txt. .", "name.txt"),
            ("日本語 \"quoted\".pdf", "日本語 \"quoted\".pdf"),
            (".gitignore", ".gitignore"),
            ("..", "file"),
            ("", "file"),
            ("dir/", "file"),
        ] {
            assert_eq!(FileName::new(sent).as_str(), kept, "{sent:?}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let name = FileName::new(&format!("{}.png", "ä".repeat(300)));
        assert_eq!(name.as_str().chars().count(), 255);
        assert!(name.as_str().ends_with("ä.png"));
    }

    proptest! {
        #[test]
        fn any_text_becomes_a_harmless_name(sent in "(?s).{0,400}") {
            let name = FileName::new(&sent).0;
            prop_assert!((1..=255).contains(&name.chars().count()));
            prop_assert!(!name.contains(['/', '\\']) && !name.chars().any(char::is_control));
            prop_assert!(name != "." && name != "..");
        }

        #[test]
        fn a_harmless_name_stays_as_it_is(sent in "(?s)[a. ]{200,400}|.{0,400}") {
            let once = FileName::new(&sent);
            prop_assert_eq!(&FileName::new(once.as_str()), &once);
        }
    }
}
