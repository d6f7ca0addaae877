//! Declared and detected types of files, and text that a browser would run.

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
fn matching_declared_type_is_returned() {
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
fn text_has_no_binary_data() {
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
fn utf16_text_needs_a_byte_order_mark() {
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
fn text_must_not_begin_as_markup() {
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
fn angle_brackets_without_a_tag_are_text() {
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
fn parameters_case_and_aliases_are_normalized() {
    assert_eq!(default().check("Text/Plain; charset=utf-8", "a", b"hello").unwrap(), "text/plain");
    let sample = |name: &str| match name {
        "image/png" => PNG,
        "image/jpeg" => b"\xff\xd8\xff\xe0",
        PDF => b"%PDF-1.7",
        _ => b"a,b\n",
    };
    for (other, meant) in ALIASES {
        let upper = other.to_uppercase();
        assert_eq!(default().check(&upper, "a", sample(meant)).unwrap(), meant, "{other}");
        let without = known_types().filter(|known| *known != meant).collect::<Vec<_>>().join(",");
        let refused = without.parse::<AllowedTypes>().unwrap().check(other, "a", sample(meant));
        assert!(matches!(refused, Err(Error::TypeNotAllowed)), "{other}: {refused:?}");
    }
}

#[test]
fn undeclared_type_is_detected() {
    let xls = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
    for declared in ["", " ; charset=utf-8", "application/octet-stream", "Application/Octet-Stream; x=y"] {
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
fn mismatched_bytes_are_refused() {
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
fn unlisted_type_is_refused() {
    let images = "image/png, image/gif".parse::<AllowedTypes>().unwrap();
    for declared in ["text/html", "image/svg+xml", "image/jpeg", "image/*", "binary/octet-stream"] {
        assert!(matches!(images.check(declared, "a", PNG), Err(Error::TypeNotAllowed)), "{declared}");
    }
}

#[test]
fn invalid_list_is_refused() {
    for list in ["", " , ", "image/png,application/x-unknown", "image/svg+xml", "image/jpg"] {
        assert!(list.parse::<AllowedTypes>().is_err(), "{list}");
    }
}
