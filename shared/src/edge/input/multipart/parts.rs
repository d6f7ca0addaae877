//! Splits a body into parts (RFC 2046, section 5.1.1). A body that lenient and strict parsers split in two ways is
//! malformed, because a proxy in front may have checked other parts.

use bytes::Bytes;
use memchr::memmem::{self, Finder};

use super::parameters;

/// Maximum number of parts, because each costs time.
const MAX_PARTS: usize = 1000;

/// Maximum length of a boundary.
const MAX_BOUNDARY: usize = 70;

/// Characters of a boundary beside letters and digits.
const BOUNDARY_PUNCTUATION: &[u8] = b"'()+_,-./:=? ";

/// Returns the boundary of a `Content-Type`, or `None` if there is none, a second one, or one that RFC 2046 forbids.
pub(crate) fn boundary(content_type: &str) -> Option<String> {
    let (_, list) = content_type.split_once(';')?;
    let [boundary] = parameters::read(list, ["boundary"])?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || BOUNDARY_PUNCTUATION.contains(&byte);
    boundary.filter(|text| {
        (1..=MAX_BOUNDARY).contains(&text.len()) && text.bytes().all(allowed) && !text.ends_with(' ')
    })
}

/// Splits a body into parts, each with its headers. Returns `None` if it is malformed. Text before the first boundary and
/// after the last one is ignored.
pub(super) fn split(body: &Bytes, boundary: &str) -> Option<Vec<Bytes>> {
    let delimiter = format!("\r\n--{boundary}");
    let finder = Finder::new(&delimiter);
    // The first boundary needs no line break before it.
    let begins = body.starts_with(&delimiter.as_bytes()[2..]);
    let mut at = if begins { delimiter.len() - 2 } else { finder.find(body)? + delimiter.len() };
    let mut parts = Vec::new();
    while let Next::Part(start) = next(body, at)? {
        let end = start + finder.find(&body[start..])?;
        parts.push(body.slice(start..end));
        at = end + delimiter.len();
        if parts.len() > MAX_PARTS {
            return None;
        }
    }
    Some(parts)
}

/// Item after a boundary.
enum Next {
    /// Part with this offset.
    Part(usize),
    /// Epilogue, which is ignored.
    End,
}

/// Returns the item after the boundary that ends at `at`. A line that continues after its boundary is malformed, because
/// senders must choose a boundary that starts no other line.
fn next(body: &[u8], at: usize) -> Option<Next> {
    let is_last = body[at..].starts_with(b"--");
    let at = if is_last { at + 2 } else { at };
    // Transport padding of mail gateways.
    let padding = body[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let line_end = &body[at + padding..];
    match (is_last, line_end.starts_with(b"\r\n")) {
        (false, true) => Some(Next::Part(at + padding + 2)),
        (true, ends) => (ends || line_end.is_empty()).then_some(Next::End),
        (false, false) => None,
    }
}

/// Splits a part into headers and content. Without content, the empty line between them may be missing (RFC 2046).
pub(super) fn open(part: &Bytes) -> Option<(&[u8], Bytes)> {
    match memmem::find(part, b"\r\n\r\n") {
        Some(end) => Some((&part[..end], part.slice(end + 4..))),
        None => part.strip_suffix(b"\r\n").map(|headers| (headers, Bytes::new())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(body: &'static str) -> Option<Vec<Bytes>> {
        split(&Bytes::from_static(body.as_bytes()), "b")
    }

    #[test]
    fn parts_lie_between_whole_boundary_lines() {
        assert_eq!(cut("--b--"), Some(vec![]));
        assert_eq!(
            cut("--b\r\none\r\n--b \t\r\ntwo\r\n\r\n--b-- \r\nend"),
            Some(vec!["one".into(), "two\r\n".into()])
        );
        assert_eq!(cut("before --b\r\n--b\r\n\n--b\r--b --b\r\n--b--"), Some(vec!["\n--b\r--b --b".into()]));
    }

    #[test]
    fn truncated_body_or_continued_boundary_line_is_malformed() {
        for body in [
            "",
            "b",
            "--",
            "--b",
            "--b\r\n",
            "--b\r\none",
            "--b\r\none\r\n--b",
            "--b\r\none\r\n--b-",
            "--b\r\n--b--",
            "--b\none\n--b--",
            "--b\r\none\r\n--b--x",
            "--b\r\none\r\n--bx\r\n--b--",
            "--b--\n",
            "x--b\r\none\r\n--b",
        ] {
            assert_eq!(cut(body), None, "{body:?}");
        }
    }

    #[test]
    fn every_prefix_of_a_body_is_malformed() {
        let whole = Bytes::from_static(b"x\r\n--b\r\none: 1\r\n\r\n--\r\n--b\r\ntwo: 2\r\n\r\n\r\n--b--");
        assert_eq!(split(&whole, "b").map(|parts| parts.len()), Some(2));
        for length in 0..whole.len() {
            assert_eq!(split(&whole.slice(..length), "b"), None, "{length}");
        }
    }

    #[test]
    fn boundary_has_1_to_70_allowed_characters() {
        let longest = "x".repeat(70);
        for (parameter, expected) in [
            ("boundary=b", Some("b")),
            ("charset=utf-8; BOUNDARY=\"a b'()+_,-./:=?\"", Some("a b'()+_,-./:=?")),
            ("boundary=----=_Part_1_2.3", Some("----=_Part_1_2.3")),
            (&format!("boundary={longest}"), Some(longest.as_str())),
            (&format!("boundary={longest}x"), None),
            ("boundary=", None),
            ("boundary=\"\"", None),
            ("boundary=\"b \"", None),
            ("boundary=\"b\r\"", None),
            ("boundary=\u{e4}", None),
            ("boundary=b; boundary=b", None),
            ("charset=utf-8", None),
        ] {
            let found = boundary(&format!("multipart/form-data; {parameter}"));
            assert_eq!(found.as_deref(), expected, "{parameter}");
        }
    }
}
