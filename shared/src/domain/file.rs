//! Uploaded files, and safe names for them.

use std::fmt;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::text::is_invisible;
use super::validation::{IssueCode, Issues};
use super::{AllowedTypes, Error, Result, hex};

/// Description of a file: name, media type, size and SHA-256.
#[derive(Clone, PartialEq, Eq)]
pub struct FileDescription {
    name: FileName,
    content_type: &'static str,
    size: u64,
    sha256: [u8; 32],
}

/// Without the name, because it is the caller's data.
impl fmt::Debug for FileDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileDescription").field("content_type", &self.content_type).finish_non_exhaustive()
    }
}

impl FileDescription {
    pub(crate) fn new(name: FileName, content_type: &'static str, size: u64, sha256: [u8; 32]) -> Self {
        Self { name, content_type, size, sha256 }
    }

    /// Returns the safe name.
    #[must_use]
    pub fn name(&self) -> &FileName {
        &self.name
    }

    /// Returns the media type, which is an allowed one.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// Returns the size in bytes, at least 1.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the SHA-256 of the bytes.
    #[must_use]
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// Returns the SHA-256 in lower-case hexadecimal digits.
    #[must_use]
    pub fn sha256_hex(&self) -> String {
        hex(&self.sha256)
    }
}

/// Identity of the file for an idempotent request: name, type, size and hash.
impl Serialize for FileDescription {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.name, self.content_type, self.size, self.sha256_hex()).serialize(serializer)
    }
}

/// Uploaded file: not empty, of an allowed type, and of its declared type, if it declares one.
///
/// ```
/// use shared::domain::{AllowedTypes, NewFile};
///
/// let allowed: AllowedTypes = "text/csv".parse()?;
/// let file = NewFile::new("C:\\invoices\\may.csv", "", "no,amount\n".into(), &allowed)?;
/// let description = file.description();
/// assert_eq!((description.name().as_str(), description.content_type()), ("may.csv", "text/csv"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct NewFile {
    description: FileDescription,
    bytes: Bytes,
}

impl NewFile {
    /// Checks a file. An empty `declared` means that the sender declares no type.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for an empty file; otherwise those of [`AllowedTypes::check`].
    pub fn new(sent_name: &str, declared: &str, bytes: Bytes, allowed: &AllowedTypes) -> Result<Self> {
        if bytes.is_empty() {
            return Err(Error::Invalid(Issues::one("file", IssueCode::TooSmall, "File is empty")));
        }
        let name = FileName::new(sent_name);
        let content_type = allowed.check(declared, name.as_str(), &bytes)?;
        let sha256 = Sha256::digest(&bytes).into();
        Ok(Self { description: FileDescription::new(name, content_type, bytes.len() as u64, sha256), bytes })
    }

    /// Returns the description.
    #[must_use]
    pub fn description(&self) -> &FileDescription {
        &self.description
    }

    /// Returns the bytes. The buffer is shared, not copied.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }
}

impl Serialize for NewFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.description.serialize(serializer)
    }
}

/// Maximum length of a name in characters.
const MAX_NAME_LENGTH: usize = 255;

/// Name of a file if no character of its own name can be kept.
const UNNAMED: &str = "file";

/// File name without a path, control characters, direction overrides and invisible characters: 1 to 255 characters.
///
/// It is only data. Never build a key or a path from it.
///
/// ```
/// use shared::domain::FileName;
///
/// assert_eq!(FileName::new("../../etc/passwd").as_str(), "passwd");
/// assert_eq!(FileName::new("..").as_str(), "file");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(
    description = "File name without a path, control characters and invisible characters: 1 to 255 characters."
)]
pub struct FileName(String);

impl FileName {
    /// Turns any text into a safe name, by OWASP's File Upload Cheat Sheet.
    #[must_use]
    pub fn new(sent: &str) -> Self {
        let base = sent.rsplit(['/', '\\']).next().unwrap_or_default();
        let visible: String = base.chars().filter(|letter| !is_harmful(*letter)).collect();
        // Shortening may leave an end that must be trimmed too.
        let name = shortened(trimmed(&visible));
        let name = trimmed(&name);
        Self(if name.is_empty() { UNNAMED } else { name }.to_owned())
    }

    /// Takes a name from a row. [`FileName::new`] made it safe before it was stored.
    ///
    /// ```
    /// use shared::domain::{FileName, Result};
    /// use shared::storage::Row;
    ///
    /// fn name(row: &Row) -> Result<FileName> {
    ///     Ok(FileName::from_storage(row.text("name")?))
    /// }
    /// ```
    #[must_use]
    pub fn from_storage(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Trims characters without meaning at an end: white space, joiners, selectors, and dots at the right end.
///
/// Windows drops trailing dots and spaces, so names that differ only in them would collide there. A name of joiners alone
/// would look empty.
fn trimmed(name: &str) -> &str {
    let blank = |letter: char| {
        letter.is_whitespace() || matches!(letter, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0e}')
    };
    name.trim_start_matches(blank).trim_end_matches(|letter: char| letter == '.' || blank(letter))
}

/// Returns `true` for control characters, line and paragraph separators, and invisible characters.
///
/// Among these are marks of direction, which can make `gpj.exe` read as `exe.jpg` (Unicode Technical Report 36, section
/// 3.3). Joiners and variation selectors stay, because Persian, scripts of India and emoji need them.
fn is_harmful(letter: char) -> bool {
    let is_joining = matches!(letter, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}');
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}') || is_invisible(letter) && !is_joining
}

/// Cuts a name to 255 characters and keeps an extension of up to 16 bytes.
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
    fn paths_controls_and_invisible_characters_are_removed() {
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
    fn long_name_keeps_its_extension() {
        let name = FileName::new(&format!("{}.png", "ä".repeat(300)));
        assert_eq!(name.as_str().chars().count(), 255);
        assert!(name.as_str().ends_with("ä.png"));
    }

    proptest! {
        #[test]
        fn any_text_becomes_a_safe_name(sent in "(?s).{0,400}") {
            let name = FileName::new(&sent).0;
            prop_assert!((1..=255).contains(&name.chars().count()));
            prop_assert!(!name.contains(['/', '\\']) && !name.chars().any(char::is_control));
            prop_assert!(name != "." && name != "..");
        }

        #[test]
        fn safe_name_stays_unchanged(sent in "(?s)[a. ]{200,400}|.{0,400}") {
            let once = FileName::new(&sent);
            prop_assert_eq!(&FileName::new(once.as_str()), &once);
        }
    }
}
