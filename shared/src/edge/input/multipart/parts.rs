//! Cuts a body into parts (RFC 2046, section 5.1.1). Whatever a lenient reader and a strict one could cut in two ways is
//! malformed here, so that nothing is stored that someone before us has seen otherwise, and no byte gets lost.

use bytes::Bytes;
use memchr::memmem::{self, Finder};

use super::parameters;

/// How many parts a body may have. A form has some; every one costs time.
const MAX_PARTS: usize = 1000;

/// The longest boundary.
const MAX_BOUNDARY: usize = 70;

/// What a boundary may hold besides letters and digits.
const BOUNDARY_MARKS: &[u8] = b"'()+_,-./:=? ";

/// The boundary that a `Content-Type` names; nothing if it names none, two, or one that RFC 2046 doesn't allow.
pub(crate) fn boundary(content_type: &str) -> Option<String> {
    let (_, list) = content_type.split_once(';')?;
    let [boundary] = parameters::read(list, ["boundary"])?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || BOUNDARY_MARKS.contains(&byte);
    boundary.filter(|text| {
        (1..=MAX_BOUNDARY).contains(&text.len()) && text.bytes().all(allowed) && !text.ends_with(' ')
    })
}

/// All parts of a body, each with its headers; nothing for a body that is malformed. What stands before the first
/// boundary and after the last one is ignored.
pub(super) fn split(body: &Bytes, boundary: &str) -> Option<Vec<Bytes>> {
    let delimiter = format!("\r\n--{boundary}");
    let finder = Finder::new(&delimiter);
    // The first boundary may begin the body, with no line break before it.
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

/// What follows a boundary.
enum Next {
    /// A part, which begins here.
    Part(usize),
    /// Nothing that counts.
    End,
}

/// What follows the boundary that ends at `at`. A line that goes on after its boundary is malformed: senders have to
/// choose a boundary that no other line begins with.
fn next(body: &[u8], at: usize) -> Option<Next> {
    let is_last = body[at..].starts_with(b"--");
    let at = if is_last { at + 2 } else { at };
    // Transport padding, which mail gateways once added.
    let padding = body[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let line_end = &body[at + padding..];
    match (is_last, line_end.starts_with(b"\r\n")) {
        (false, true) => Some(Next::Part(at + padding + 2)),
        (true, ends) => (ends || line_end.is_empty()).then_some(Next::End),
        (false, false) => None,
    }
}

/// A part's headers and its content. RFC 2046 lets the empty line between them be missing where there is no content.
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
    fn parts_are_what_stands_between_whole_boundary_lines() {
        assert_eq!(cut("--b--"), Some(vec![]));
        assert_eq!(
            cut("--b\r\none\r\n--b \t\r\ntwo\r\n\r\n--b-- \r\nend"),
            Some(vec!["one".into(), "two\r\n".into()])
        );
        assert_eq!(cut("before --b\r\n--b\r\n\n--b\r--b --b\r\n--b--"), Some(vec!["\n--b\r--b --b".into()]));
    }

    #[test]
    fn a_body_that_ends_early_or_goes_on_after_a_boundary_is_malformed() {
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
    fn no_beginning_of_a_body_is_a_body() {
        let whole = Bytes::from_static(b"x\r\n--b\r\none: 1\r\n\r\n--\r\n--b\r\ntwo: 2\r\n\r\n\r\n--b--");
        assert_eq!(split(&whole, "b").map(|parts| parts.len()), Some(2));
        for length in 0..whole.len() {
            assert_eq!(split(&whole.slice(..length), "b"), None, "{length}");
        }
    }

    #[test]
    fn a_boundary_has_1_to_70_of_the_allowed_characters() {
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
