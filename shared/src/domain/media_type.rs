//! Media types of files. A declared type must be allowed and match the bytes. An undeclared one is detected from them.
//!
//! Text and the magic bytes of images are those of the WHATWG's MIME Sniffing Standard.

use std::str::FromStr;

use super::{Error, ParseError, Result};

/// Magic bytes of a type, each with its offset. All must match.
type MagicBytes = &'static [(usize, &'static [u8])];

/// Types with magic bytes at fixed places (MIME Sniffing, section 6.1).
const BINARY_TYPES: [(&str, MagicBytes); 5] = [
    ("image/png", &[(0, b"\x89PNG\r\n\x1a\n")]),
    ("image/jpeg", &[(0, b"\xff\xd8\xff")]),
    ("image/gif", &[(0, b"GIF87a")]),
    ("image/gif", &[(0, b"GIF89a")]),
    ("image/webp", &[(0, b"RIFF"), (8, b"WEBPVP")]),
];

/// Type whose magic bytes may follow a byte order mark and white space, because PDF readers allow it.
const PDF: &str = "application/pdf";

const TEXT: &str = "text/plain";
const CSV: &str = "text/csv";

/// Aliases of types. Browsers on Windows declare CSV as the type that Excel opens.
const ALIASES: [(&str, &str); 9] = [
    ("image/jpg", "image/jpeg"),
    ("image/pjpeg", "image/jpeg"),
    ("image/x-png", "image/png"),
    ("image/apng", "image/png"),
    ("application/x-pdf", PDF),
    ("application/csv", CSV),
    ("text/x-csv", CSV),
    ("text/comma-separated-values", CSV),
    ("application/vnd.ms-excel", CSV),
];

/// Tag names after `<` that begin markup (MIME Sniffing, section 7.1, and `svg`).
const TAGS: [&str; 17] = [
    "!doctype", "html", "head", "script", "iframe", "h1", "div", "font", "table", "a", "style", "title", "b",
    "body", "br", "p", "svg",
];

/// Declarations after `<` that begin markup, with any text behind them: comments and XML.
const DECLARATIONS: [&str; 2] = ["!--", "?xml"];

/// Byte order mark of UTF-8.
const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

/// Media types of files that may be stored.
///
/// ```
/// use shared::domain::{AllowedTypes, Error};
///
/// let images: AllowedTypes = "image/png, image/gif".parse()?;
/// assert_eq!(images.check("", "logo.png", b"\x89PNG\r\n\x1a\n")?, "image/png");
/// assert!(matches!(images.check("", "note.txt", b"hello"), Err(Error::TypeNotAllowed)));
/// assert!("image/svg+xml".parse::<AllowedTypes>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedTypes(Vec<&'static str>);

/// Parses a comma-separated list. It must have at least one type, and only types that can be detected from the bytes.
impl FromStr for AllowedTypes {
    type Err = ParseError;

    fn from_str(list: &str) -> Result<Self, ParseError> {
        let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
        let types = names.map(known).collect::<Result<Vec<_>, _>>()?;
        if types.is_empty() {
            Err(ParseError::new("must name at least one media type"))
        } else {
            Ok(Self(types))
        }
    }
}

impl AllowedTypes {
    /// Returns the type of a file: the declared one, if the bytes match, or the detected one, if none is declared.
    /// Parameters of the declared type are ignored.
    ///
    /// # Errors
    ///
    /// [`Error::TypeNotAllowed`] for a type that is not allowed or can't be detected. [`Error::Unprocessable`] for bytes
    /// that don't match the declared type.
    pub fn check(&self, declared: &str, file_name: &str, bytes: &[u8]) -> Result<&'static str> {
        // Clients send this for files of an unknown type.
        if matches!(&*essence(declared), "" | "application/octet-stream") {
            let detected = sniff(file_name, bytes).and_then(|name| self.find(name));
            return detected.ok_or(Error::TypeNotAllowed);
        }
        let allowed = self.declared(declared)?;
        is_of_type(allowed, bytes).then_some(allowed).ok_or(Error::WRONG_TYPE)
    }

    /// Returns the type that a declaration names. Parameters are ignored.
    ///
    /// ```
    /// use shared::domain::AllowedTypes;
    ///
    /// let images: AllowedTypes = "image/png,image/jpeg".parse()?;
    /// assert_eq!(images.declared("image/JPG; q=1")?, "image/jpeg");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::TypeNotAllowed`] for one that is not allowed.
    pub fn declared(&self, declared: &str) -> Result<&'static str> {
        let name = essence(declared);
        let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
        self.find(alias.map_or(&*name, |(_, name)| name)).ok_or(Error::TypeNotAllowed)
    }

    fn find(&self, name: &str) -> Option<&'static str> {
        self.0.iter().find(|allowed| **allowed == name).copied()
    }
}

/// Returns `true` if the bytes are of a type.
fn is_of_type(name: &str, bytes: &[u8]) -> bool {
    if [TEXT, CSV].contains(&name) { is_text(bytes) } else { sniff_binary(bytes) == Some(name) }
}

/// Returns `true` if the beginning of a file is of a type that [`AllowedTypes::declared`] has returned. A beginning that is
/// not the whole file may end within a character.
///
/// ```
/// use shared::domain::begins_as;
///
/// assert!(begins_as("text/plain", b"hello", true));
/// // Half of a character in UTF-16.
/// assert!(begins_as("text/plain", b"\xff\xfea\0b", false));
/// assert!(!begins_as("text/plain", b"\xff\xfea\0b", true));
/// ```
#[must_use]
pub fn begins_as(content_type: &str, beginning: &[u8], is_whole: bool) -> bool {
    is_of_type(content_type, if is_whole { beginning } else { without_half_character(beginning) })
}

/// Returns a type in lower case without its parameters.
fn essence(declared: &str) -> String {
    declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Types that can be detected.
fn known_types() -> impl Iterator<Item = &'static str> {
    BINARY_TYPES.iter().map(|(name, _)| *name).chain([PDF, TEXT, CSV])
}

fn known(name: &str) -> Result<&'static str, ParseError> {
    let known = known_types().find(|known| known.eq_ignore_ascii_case(name));
    known.ok_or_else(|| {
        let known = known_types().collect::<Vec<_>>().join(", ");
        ParseError::new(format!("names {name}, which can't be detected from the bytes (known: {known})"))
    })
}

/// Detects the type from the bytes. A text is CSV if the file's name says so.
fn sniff(file_name: &str, bytes: &[u8]) -> Option<&'static str> {
    let is_csv =
        file_name.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("csv"));
    sniff_binary(bytes).or_else(|| is_text(bytes).then_some(if is_csv { CSV } else { TEXT }))
}

/// Detects a type by its magic bytes.
fn sniff_binary(bytes: &[u8]) -> Option<&'static str> {
    let matches = |magic: MagicBytes| {
        magic.iter().all(|(offset, magic)| bytes.get(*offset..).is_some_and(|rest| rest.starts_with(magic)))
    };
    let found = BINARY_TYPES.iter().find(|(_, magic)| matches(magic)).map(|(name, _)| *name);
    found.or_else(|| beginning(bytes).starts_with(b"%PDF-").then_some(PDF))
}

/// Skips byte order marks of UTF-8 and white space.
fn beginning(mut bytes: &[u8]) -> &[u8] {
    loop {
        let blank = bytes.iter().take_while(|byte| is_blank((**byte).into())).count();
        bytes = &bytes[blank..];
        match bytes.strip_prefix(UTF8_BOM) {
            Some(behind) => bytes = behind,
            None => return bytes,
        }
    }
}

/// Returns `true` for white space of the MIME Sniffing Standard, and for the vertical tab, which is text here.
fn is_blank(letter: char) -> bool {
    letter.is_ascii_whitespace() || letter == '\x0b'
}

/// Returns `true` if all bytes are text (MIME Sniffing, section 7.2) that begins neither with magic bytes nor as markup.
fn is_text(bytes: &[u8]) -> bool {
    match bytes {
        [0xff, 0xfe, text @ ..] => is_utf16_text(text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => is_utf16_text(text, u16::from_be_bytes),
        // UTF-8 and the older 8-bit charsets. The bytes don't tell which one.
        _ => {
            !bytes.iter().any(|byte| is_binary((*byte).into()))
                && sniff_binary(bytes).is_none()
                && !is_scriptable(beginning(bytes))
        }
    }
}

/// Returns `true` if the bytes after a byte order mark are text in UTF-16.
fn is_utf16_text(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> bool {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let letters = || char::decode_utf16(pairs.iter().map(|pair| unit(*pair)));
    let is_plain = letters().all(|letter| letter.is_ok_and(|letter| !is_binary(letter)));
    // Longer than each beginning of markup, which is ASCII.
    let begins: Vec<u8> = letters()
        .map_while(Result::ok)
        .skip_while(|letter| *letter == '\u{feff}' || is_blank(*letter))
        .take(16)
        .map(|letter| u8::try_from(letter).unwrap_or(b'?'))
        .collect();
    rest.is_empty() && is_plain && !is_scriptable(&begins)
}

/// Cuts a text in UTF-16 before half a unit, or half a surrogate pair, at its end.
fn without_half_character(bytes: &[u8]) -> &[u8] {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return bytes,
    };
    let (units, _) = bytes.as_chunks::<2>();
    let cut = units.last().is_some_and(|last| (0xd800..0xdc00).contains(&unit(*last)));
    units[..units.len() - usize::from(cut)].as_flattened()
}

/// Returns `true` for a binary data byte (MIME Sniffing, section 3), except the vertical tab, because databases export it
/// for a line end in a field.
fn is_binary(letter: char) -> bool {
    matches!(letter, '\0'..='\x08' | '\x0e'..='\x1a' | '\x1c'..='\x1f')
}

/// Returns `true` if a text begins as HTML, XML or SVG. Like browsers, it accepts more ends of a tag's name than the
/// standard.
fn is_scriptable(text: &[u8]) -> bool {
    let Some(text) = text.strip_prefix(b"<") else { return false };
    let begins_with =
        |name: &str| text.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name.as_bytes()));
    let ends_name = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'))
    };
    DECLARATIONS.iter().any(|declaration| begins_with(declaration))
        || TAGS.iter().any(|tag| begins_with(tag) && ends_name(text.get(tag.len())))
}

#[cfg(test)]
mod tests;
