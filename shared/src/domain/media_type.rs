//! Which files may be stored: their declared type must be allowed, and their bytes must be of that type.

use super::{Error, Result};

/// What the bytes of a type begin with: at an offset, these bytes. All marks of a line must be there.
type Marks = &'static [(usize, &'static [u8])];

/// Types that begin with a mark (WHATWG MIME Sniffing Standard, section 6; ISO 32000 for PDF).
const MARKED_TYPES: [(&str, Marks); 6] = [
    ("image/png", &[(0, b"\x89PNG\r\n\x1a\n")]),
    ("image/jpeg", &[(0, b"\xff\xd8\xff")]),
    ("image/gif", &[(0, b"GIF87a")]),
    ("image/gif", &[(0, b"GIF89a")]),
    ("image/webp", &[(0, b"RIFF"), (8, b"WEBPVP")]),
    ("application/pdf", &[(0, b"%PDF-")]),
];

/// Types that are told by being text.
const TEXT_TYPES: [&str; 2] = ["text/plain", "text/csv"];

/// The media types of files that may be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedTypes(Vec<&'static str>);

impl AllowedTypes {
    /// Reads a comma-separated list.
    ///
    /// # Errors
    ///
    /// In words, for a list that is empty or names a type that can't be told by its bytes.
    pub fn parse(list: &str) -> std::result::Result<Self, String> {
        let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
        let types = names.map(known).collect::<std::result::Result<Vec<_>, _>>()?;
        if types.is_empty() { Err("must name at least one media type".to_owned()) } else { Ok(Self(types)) }
    }

    /// The type to store a file under: the declared one (essence only, without parameters), confirmed by the bytes.
    ///
    /// # Errors
    ///
    /// [`Error::TypeNotAllowed`] for a declared type that is not allowed, [`Error::Unprocessable`] for bytes that are
    /// not what is declared.
    pub fn check(&self, declared: &str, bytes: &[u8]) -> Result<&'static str> {
        let essence = declared.split(';').next().unwrap_or_default().trim();
        let allowed =
            self.0.iter().find(|name| name.eq_ignore_ascii_case(essence)).ok_or(Error::TypeNotAllowed)?;
        let confirmed =
            if TEXT_TYPES.contains(allowed) { is_text(bytes) } else { marked(bytes) == Some(*allowed) };
        confirmed
            .then_some(*allowed)
            .ok_or(Error::Unprocessable("The file's content is not of the type it declares"))
    }
}

/// All types that can be told.
fn known_types() -> impl Iterator<Item = &'static str> {
    MARKED_TYPES.iter().map(|(name, _)| *name).chain(TEXT_TYPES)
}

fn known(name: &str) -> std::result::Result<&'static str, String> {
    let known = known_types().find(|known| known.eq_ignore_ascii_case(name));
    known.ok_or_else(|| {
        let known = known_types().collect::<Vec<_>>().join(", ");
        format!("names {name}, which can't be told by its bytes (known: {known})")
    })
}

/// The type whose mark the bytes begin with.
fn marked(bytes: &[u8]) -> Option<&'static str> {
    let begins = |marks: Marks| {
        marks.iter().all(|(at, mark)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(mark)))
    };
    MARKED_TYPES.iter().find(|(_, marks)| begins(marks)).map(|(name, _)| *name)
}

/// UTF-8 without control characters other than white space, that begins neither with the mark of another type (a PDF
/// begins as text) nor as a page or picture that a browser would run.
fn is_text(bytes: &[u8]) -> bool {
    let plain = |letter: char| !letter.is_control() || matches!(letter, '\t' | '\n' | '\r' | '\u{c}');
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.chars().all(plain));
    text.is_some_and(|text| !is_markup(text)) && marked(bytes).is_none()
}

/// Whether a text begins as markup, behind the comments and the white space that a browser skips.
fn is_markup(text: &str) -> bool {
    let blank = |letter: char| letter == '\u{feff}' || letter.is_whitespace();
    let mut text = text.trim_start_matches(blank);
    while let Some(comment) = text.strip_prefix("<!--") {
        text = after_comment(comment).trim_start_matches(blank);
    }
    text.strip_prefix('<').is_some_and(is_tag)
}

/// Whether what follows a `<` makes it a tag of HTML, SVG or XML, or a declaration. A list of tags would never be whole:
/// every element can run what its attributes say. An address in angle brackets is none, nor is an arrow.
fn is_tag(text: &str) -> bool {
    let name = text.strip_prefix('/').unwrap_or(text);
    let in_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | ':' | '.');
    let ends = |letter: char| letter.is_whitespace() || matches!(letter, '/' | '>');
    let named = name.starts_with(|letter: char| letter.is_ascii_alphabetic());
    text.starts_with(['!', '?']) || named && name.trim_start_matches(in_name).chars().next().is_none_or(ends)
}

/// What follows a comment that has begun; nothing if it never ends. Browsers take `<!-->`, `<!--->` and `--!>` as ends
/// too (WHATWG HTML, section 13.2.5.43 and following).
fn after_comment(text: &str) -> &str {
    if let Some(rest) = text.strip_prefix('>').or_else(|| text.strip_prefix("->")) {
        return rest;
    }
    // Looking at each `>` once keeps this linear, however many comments there are.
    let ends = |at: usize| text[..at].ends_with("--") || text[..at].ends_with("--!");
    let end = text.match_indices('>').find(|(at, _)| ends(*at));
    end.map_or("", |(at, _)| &text[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn default() -> AllowedTypes {
        AllowedTypes::parse(&known_types().collect::<Vec<_>>().join(",")).unwrap()
    }

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    #[test]
    fn a_file_is_stored_under_the_type_that_it_declares_and_is() {
        for (declared, bytes) in [
            ("image/png", PNG),
            ("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF"),
            ("image/gif", b"GIF89a\x01\0\x01\0"),
            ("image/webp", b"RIFF\x24\0\0\0WEBPVP8 "),
            ("application/pdf", b"%PDF-1.7\n"),
            ("text/plain", "grüße,\n\ttext".as_bytes()),
            ("text/csv", b"a,b\r\n1,2\r\n"),
            ("text/plain", b"Every PDF begins with %PDF-1.7."),
            ("text/csv", b"BMI,weight\n22,70\n"),
            ("text/csv", b"GIFTS,price\n1,2\n"),
            ("text/plain", b"I like: WEBP files"),
            ("text/plain", b"<!-- a comment in Markdown -->\n# Title"),
            ("text/plain", b"<!-- a comment that does not end <html>"),
            ("text/plain", b"<alice@example.com> wrote:"),
            ("text/plain", b"<- this <3"),
            ("text/csv", b"<1,>2\n"),
            ("text/plain", b"#!/bin/sh\necho MZ\n"),
            ("text/plain", b"1 < 2, and <b> is a tag"),
        ] {
            assert_eq!(default().check(declared, bytes).unwrap(), declared);
        }
    }

    #[test]
    fn parameters_and_case_of_the_declared_type_do_not_matter() {
        assert_eq!(default().check("Text/Plain; charset=utf-8", b"hello").unwrap(), "text/plain");
    }

    #[test]
    fn bytes_that_are_not_what_is_declared_are_refused() {
        for (declared, bytes) in [
            ("image/png", &b"GIF89a\x01\0\x01\0"[..]),
            ("image/png", b"not an image"),
            ("image/png", b"\x89PNG<script>"),
            ("image/gif", b"GIF<script>alert(1)</script>"),
            ("image/gif", b"GIFTS,price\n1,2\n"),
            ("image/webp", b"I like: WEBP files"),
            ("text/plain", PNG),
            ("text/plain", b"%PDF-1.7\n"),
            ("text/plain", b"a\0b"),
            ("text/csv", b"\xff\xfe,"),
            ("text/plain", b"<!DOCTYPE html><script>alert(1)</script>"),
            ("text/plain", b"<html>%PDF-1.7<script>alert(1)</script>"),
            ("text/plain", b"\xef\xbb\xbf \n<HTML>"),
            ("text/plain", b"<!-- a --> <!--> <!--->\n<!-- b --!><html>"),
            ("text/plain", b"<!-- a > b->c --!><BODY onload=alert(1)>"),
            ("text/plain", b"<iframe src=javascript:alert(1)>"),
            ("text/plain", b"<img src=x onerror=alert(1)>"),
            ("text/plain", b"<p align=\"center\">a readme</p>"),
            ("text/plain", b"</br><script>alert(1)</script>"),
            ("text/csv", b"<x:script xmlns:x=\"http://www.w3.org/1999/xhtml\">alert(1)</x:script>"),
            ("text/plain", b"<note>x</note>"),
            ("text/plain", b"<a/onclick=alert(1)>"),
            ("text/plain", b"<!ENTITY x>"),
            ("text/plain", b"<b"),
            ("text/csv", b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"),
            ("text/plain", b"<?xml version=\"1.0\"?><svg/>"),
            ("application/pdf", b"<html>%PDF-1.7"),
        ] {
            let refused = default().check(declared, bytes);
            assert!(matches!(refused, Err(Error::Unprocessable(_))), "{declared} {bytes:?}: {refused:?}");
        }
    }

    #[test]
    fn a_type_that_is_not_on_the_list_is_refused() {
        let images = AllowedTypes::parse("image/png, image/gif").unwrap();
        for declared in ["application/octet-stream", "text/html", "image/svg+xml", "image/jpeg", ""] {
            assert!(matches!(images.check(declared, PNG), Err(Error::TypeNotAllowed)), "{declared}");
        }
    }

    #[test]
    fn a_list_that_can_not_be_kept_is_refused_in_words() {
        for list in ["", " , ", "image/png,application/x-unknown", "image/svg+xml"] {
            assert!(AllowedTypes::parse(list).is_err(), "{list}");
        }
    }
}
