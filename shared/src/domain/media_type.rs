//! The type of a file: a declared one must be allowed, and its bytes must be of it; an undeclared one is told by them.
//!
//! Text and the marks of images are those of the WHATWG's MIME Sniffing Standard.

use std::str::FromStr;

use super::{Error, ParseError, Result};

/// Magic bytes of a type: at an offset, these bytes. All of a line must be there.
type MagicBytes = &'static [(usize, &'static [u8])];

/// Types with magic bytes at fixed places (MIME Sniffing, section 6.1).
const BINARY_TYPES: [(&str, MagicBytes); 5] = [
    ("image/png", &[(0, b"\x89PNG\r\n\x1a\n")]),
    ("image/jpeg", &[(0, b"\xff\xd8\xff")]),
    ("image/gif", &[(0, b"GIF87a")]),
    ("image/gif", &[(0, b"GIF89a")]),
    ("image/webp", &[(0, b"RIFF"), (8, b"WEBPVP")]),
];

/// The type whose magic bytes may stand behind a byte order mark and white space, as PDF readers allow it.
const PDF: &str = "application/pdf";

const TEXT: &str = "text/plain";
const CSV: &str = "text/csv";

/// The usual other names of types, each with the type that it means. Windows browsers call CSV what Excel opens.
const OTHER_NAMES: [(&str, &str); 9] = [
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

/// Beginnings of markup behind its `<`, up to the end of the tag's name (MIME Sniffing, section 7.1; `svg` is not in it).
const TAGS: [&str; 17] = [
    "!doctype", "html", "head", "script", "iframe", "h1", "div", "font", "table", "a", "style", "title", "b",
    "body", "br", "p", "svg",
];

/// Beginnings of markup behind its `<`, whatever follows: comments and XML.
const DECLARATIONS: [&str; 2] = ["!--", "?xml"];

/// The byte order mark of UTF-8.
const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

/// The media types of files that may be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedTypes(Vec<&'static str>);

/// Parses a comma-separated list. It must name at least one type, and only types that can be told by their bytes.
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
    /// Returns the type to store a file under: the declared one, confirmed by the bytes, or the one that they tell where
    /// none is declared. Parameters of the declared type mean nothing.
    ///
    /// # Errors
    ///
    /// [`Error::TypeNotAllowed`] for a type that is not allowed or can't be told, [`Error::Unprocessable`] for bytes that
    /// are not what is declared.
    pub fn check(&self, declared: &str, name: &str, bytes: &[u8]) -> Result<&'static str> {
        let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let allowed = |name: &str| self.0.iter().find(|allowed| **allowed == name).copied();
        // What clients say of a file that they know nothing of.
        if essence.is_empty() || essence == "application/octet-stream" {
            return sniff(name, bytes).and_then(allowed).ok_or(Error::TypeNotAllowed);
        }
        let meant =
            OTHER_NAMES.iter().find(|(other, _)| *other == essence).map_or(&*essence, |(_, meant)| meant);
        let allowed = allowed(meant).ok_or(Error::TypeNotAllowed)?;
        let confirmed = if [TEXT, CSV].contains(&allowed) {
            is_text(bytes)
        } else {
            sniff_binary(bytes) == Some(allowed)
        };
        confirmed
            .then_some(allowed)
            .ok_or(Error::Unprocessable("The file's content is not of the type it declares"))
    }
}

/// All types that can be told.
fn known_types() -> impl Iterator<Item = &'static str> {
    BINARY_TYPES.iter().map(|(name, _)| *name).chain([PDF, TEXT, CSV])
}

fn known(name: &str) -> Result<&'static str, ParseError> {
    let known = known_types().find(|known| known.eq_ignore_ascii_case(name));
    known.ok_or_else(|| {
        let known = known_types().collect::<Vec<_>>().join(", ");
        ParseError::new(format!("names {name}, which can't be told by its bytes (known: {known})"))
    })
}

/// The type that the bytes tell. Only the name tells which text is a table.
fn sniff(name: &str, bytes: &[u8]) -> Option<&'static str> {
    let is_csv = name.rsplit_once('.').is_some_and(|(_, extension)| extension.eq_ignore_ascii_case("csv"));
    sniff_binary(bytes).or_else(|| is_text(bytes).then_some(if is_csv { CSV } else { TEXT }))
}

/// The type whose magic bytes these are.
fn sniff_binary(bytes: &[u8]) -> Option<&'static str> {
    let bears = |marks: MagicBytes| {
        marks.iter().all(|(at, mark)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(mark)))
    };
    let found = BINARY_TYPES.iter().find(|(_, marks)| bears(marks)).map(|(name, _)| *name);
    found.or_else(|| beginning(bytes).starts_with(b"%PDF-").then_some(PDF))
}

/// The bytes behind byte order marks of UTF-8 and white space.
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

/// Returns `true` for white space: that of the MIME Sniffing Standard, and the vertical tab, which is text here.
fn is_blank(letter: char) -> bool {
    letter.is_ascii_whitespace() || letter == '\x0b'
}

/// Returns `true` if the bytes are text (MIME Sniffing, section 7.2, but of all bytes) that begins neither as another type
/// nor as what a browser would run.
fn is_text(bytes: &[u8]) -> bool {
    match bytes {
        [0xff, 0xfe, text @ ..] => is_utf16_text(text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => is_utf16_text(text, u16::from_be_bytes),
        // UTF-8, and the 8-bit charsets from before it, of which no byte tells which one it is.
        _ => {
            !bytes.iter().any(|byte| is_binary((*byte).into()))
                && sniff_binary(bytes).is_none()
                && !is_scriptable(beginning(bytes))
        }
    }
}

/// Returns `true` if the bytes behind a mark are text in UTF-16.
fn is_utf16_text(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> bool {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let letters = || char::decode_utf16(pairs.iter().map(|pair| unit(*pair)));
    let is_plain = letters().all(|letter| letter.is_ok_and(|letter| !is_binary(letter)));
    // Longer than each beginning of markup. A letter that is no byte is part of none.
    let begins: Vec<u8> = letters()
        .map_while(Result::ok)
        .skip_while(|letter| *letter == '\u{feff}' || is_blank(*letter))
        .take(16)
        .map(|letter| u8::try_from(letter).unwrap_or(b'?'))
        .collect();
    rest.is_empty() && is_plain && !is_scriptable(&begins)
}

/// Returns `true` for a binary data byte (MIME Sniffing, section 3), but for the vertical tab: databases export it for a
/// line end in a field.
fn is_binary(letter: char) -> bool {
    matches!(letter, '\0'..='\x08' | '\x0e'..='\x1a' | '\x1c'..='\x1f')
}

/// Returns `true` if a text begins as HTML, XML or SVG. Browsers take more than the standard does for the end of a tag's
/// name, so that counts here too.
fn is_scriptable(text: &[u8]) -> bool {
    let Some(text) = text.strip_prefix(b"<") else { return false };
    let begins =
        |with: &str| text.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with.as_bytes()));
    let ends = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>'))
    };
    DECLARATIONS.iter().any(|declaration| begins(declaration))
        || TAGS.iter().any(|tag| begins(tag) && ends(text.get(tag.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn default() -> AllowedTypes {
        known_types().collect::<Vec<_>>().join(",").parse().unwrap()
    }

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    fn utf16(text: &str) -> [Vec<u8>; 2] {
        let encoded =
            |bytes: fn(u16) -> [u8; 2]| format!("\u{feff}{text}").encode_utf16().flat_map(bytes).collect();
        [encoded(u16::to_le_bytes), encoded(u16::to_be_bytes)]
    }

    #[test]
    fn a_file_is_stored_under_the_type_that_it_declares_and_is() {
        for (declared, bytes) in [
            ("image/png", PNG),
            ("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF"),
            ("image/gif", b"GIF89a\x01\0\x01\0"),
            ("image/webp", b"RIFF\x24\0\0\0WEBPVP8 "),
            ("application/pdf", b"%PDF-1.7\n"),
            ("application/pdf", b"\xef\xbb\xbf\r\n\x0c%PDF-1.7\n"),
            ("text/plain", b"Every PDF begins with %PDF-1.7."),
            ("text/csv", b"BMI,weight\n22,70\n"),
            ("text/csv", b"GIFTS,price\n1,2\n"),
            ("text/plain", b"I like: WEBP files"),
        ] {
            assert_eq!(default().check(declared, "a.bin", bytes).unwrap(), declared);
        }
    }

    #[test]
    fn text_is_what_has_no_binary_data() {
        for text in [
            "gr\u{fc}\u{df}e,\n\ttext\x0b\x0c\x1b[1m".as_bytes(),
            b"gr\xfc\xdfe \x96 \x80",
            b"\xef\xbb\xbf\xfc",
            b"\x7f",
        ] {
            assert!(is_text(text), "{}", text.escape_ascii());
        }
        for binary in (0..=8).chain([0x0e, 0x1a, 0x1c, 0x1f]) {
            assert!(!is_text(&[b'a', binary]), "{binary}");
        }
    }

    #[test]
    fn text_in_utf16_needs_its_mark_and_must_be_whole() {
        for text in utf16("Stra\u{df}e;\u{1f680}\r\n\x0b") {
            assert!(is_text(&text) && !is_text(&text[2..]), "{}", text.escape_ascii());
            assert!(!is_text(&text[..text.len() - 1]), "half a unit");
        }
        let half_a_pair = [&utf16("a")[0], &b"\x00\xd8"[..]].concat();
        assert!(!is_text(&half_a_pair));
        assert!(utf16("a\0").iter().all(|text| !is_text(text)));
        assert!(!is_text(b"\xff\xfe\0\0a\0\0\0"), "UTF-32");
    }

    #[test]
    fn text_must_not_begin_as_what_a_browser_runs() {
        for text in [
            "<!DOCTYPE html>",
            "\x0b<html>",
            "<!doctype svg PUBLIC",
            "<hTmL>",
            "<html\nlang=en>",
            "<HEAD ",
            "<script>",
            "<iframe src",
            "<h1>",
            "<div ",
            "<font>",
            "<table>",
            "<a href",
            "<a/onclick=alert(1)>",
            "<style>",
            "<title>",
            "<b>",
            "<body onload",
            "<br>",
            "<p>",
            "<svg/onload=alert(1)>",
            "<?xml version",
            "<?xml-stylesheet",
            "<!-- a comment",
            "<!--><html>",
            " \t\r\n\x0c<html>",
            "\u{feff}\n\u{feff}<html>",
        ] {
            assert!(!is_text(text.as_bytes()), "{text}");
            assert!(utf16(text).iter().all(|text| !is_text(text)), "{text} in UTF-16");
        }
        assert!(!is_text(PNG) && !is_text(b"\xff\xd8\xff") && !is_text(b"\xef\xbb\xbf \n%PDF-1.7"));
    }

    #[test]
    fn angle_brackets_alone_are_text() {
        for text in [
            "<alice> hello",
            "<alice@example.com> wrote:",
            "<https://example.com>",
            "<your name here>",
            "<- this <3",
            "<1,>2",
            "<",
            "<b",
            "<abbr>",
            "<!ENTITY x>",
            "<?php",
            "1 < 2, and <b> is a tag",
            "hello\n<html>",
            "\u{a0}<html>",
        ] {
            assert!(is_text(text.as_bytes()), "{text}");
            assert!(utf16(text).iter().all(|text| is_text(text)), "{text} in UTF-16");
        }
    }

    #[test]
    fn parameters_case_and_other_names_do_not_matter() {
        assert_eq!(default().check("Text/Plain; charset=utf-8", "a", b"hello").unwrap(), "text/plain");
        let sample = |name: &str| match name {
            "image/png" => PNG,
            "image/jpeg" => b"\xff\xd8\xff\xe0",
            PDF => b"%PDF-1.7",
            _ => b"a,b\n",
        };
        for (other, meant) in OTHER_NAMES {
            let upper = other.to_uppercase();
            assert_eq!(default().check(&upper, "a", sample(meant)).unwrap(), meant, "{other}");
            let without = known_types().filter(|known| *known != meant).collect::<Vec<_>>().join(",");
            let refused = without.parse::<AllowedTypes>().unwrap().check(other, "a", sample(meant));
            assert!(matches!(refused, Err(Error::TypeNotAllowed)), "{other}: {refused:?}");
        }
    }

    #[test]
    fn an_undeclared_type_is_told_by_the_bytes() {
        let xls = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
        for declared in ["", " ; charset=utf-8", "application/octet-stream", "Application/Octet-Stream; x=y"]
        {
            for (name, bytes, expected) in [
                ("a.txt", PNG, Some("image/png")),
                ("a.csv", b"\xef\xbb\xbf%PDF-1.7", Some("application/pdf")),
                ("a.csv", b"a,b\n", Some("text/csv")),
                ("a.CSV", b"a,b\n", Some("text/csv")),
                ("csv", b"a,b\n", Some("text/plain")),
                ("a.csv.txt", b"a,b\n", Some("text/plain")),
                ("a.png", b"hello", Some("text/plain")),
                ("a.csv", b"<html>", None),
                ("a.csv", xls, None),
            ] {
                let found = default().check(declared, name, bytes);
                let refused = matches!(found, Err(Error::TypeNotAllowed));
                assert!(
                    found.as_ref().ok().copied() == expected && refused == expected.is_none(),
                    "{name}: {found:?}"
                );
            }
        }
        let images = "image/gif, text/plain".parse::<AllowedTypes>().unwrap();
        assert!(matches!(images.check("", "a.png", PNG), Err(Error::TypeNotAllowed)));
        assert!(matches!(images.check("", "a.csv", b"a,b\n"), Err(Error::TypeNotAllowed)));
    }

    #[test]
    fn bytes_that_are_not_what_is_declared_are_refused() {
        for (declared, bytes) in [
            ("image/png", &b"GIF89a\x01\0\x01\0"[..]),
            ("image/png", b"not an image"),
            ("image/png", b"\x89PNG<script>"),
            ("image/png", b"\xef\xbb\xbf\x89PNG\r\n\x1a\n"),
            ("image/gif", b"GIF<script>alert(1)</script>"),
            ("image/gif", b"GIFTS,price\n1,2\n"),
            ("image/webp", b"I like: WEBP files"),
            ("text/plain", PNG),
            ("text/plain", b"a\0b"),
            ("application/vnd.ms-excel", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
            ("application/pdf", b"<html>%PDF-1.7"),
        ] {
            let refused = default().check(declared, "a.csv", bytes);
            assert!(matches!(refused, Err(Error::Unprocessable(_))), "{declared} {bytes:?}: {refused:?}");
        }
    }

    #[test]
    fn a_type_that_is_not_on_the_list_is_refused() {
        let images = "image/png, image/gif".parse::<AllowedTypes>().unwrap();
        for declared in ["text/html", "image/svg+xml", "image/jpeg", "image/*", "binary/octet-stream"] {
            assert!(matches!(images.check(declared, "a", PNG), Err(Error::TypeNotAllowed)), "{declared}");
        }
    }

    #[test]
    fn a_list_that_can_not_be_kept_is_refused_in_words() {
        for list in ["", " , ", "image/png,application/x-unknown", "image/svg+xml", "image/jpg"] {
            assert!(list.parse::<AllowedTypes>().is_err(), "{list}");
        }
    }
}
