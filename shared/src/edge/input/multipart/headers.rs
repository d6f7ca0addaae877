//! The headers of a part. RFC 7578, section 4.8, knows three; all others are ignored, but must be headers.

/// The most bytes that the headers of a part may have: a file name of 255 characters, in both its forms, needs half.
const MAX_BYTES: usize = 8 * 1024;

/// Encodings that leave the bytes as they are. RFC 7578 asks for no others, and what is stored must be what was meant.
const IDENTITIES: [&[u8]; 3] = [b"7bit", b"8bit", b"binary"];

/// What a part says of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Headers<'b> {
    /// Its `Content-Disposition`.
    pub(super) disposition: &'b [u8],
    /// Its `Content-Type`, where it has one.
    pub(super) content_type: Option<&'b [u8]>,
    /// Its `Content-Transfer-Encoding`, where it has one that may change the bytes.
    pub(super) encoding: Option<&'b [u8]>,
}

impl<'b> Headers<'b> {
    /// Reads the lines above a part's content, or nothing where they are malformed or too many. One that is doubled is
    /// malformed: two readers could see two values.
    pub(super) fn parse(text: &'b [u8]) -> Option<Self> {
        let (mut disposition, mut content_type, mut encoding) = (None, None, None);
        let text = (text.len() <= MAX_BYTES).then_some(text)?;
        for (name, value) in lines(text).map(header) {
            let slot = match name?.to_ascii_lowercase().as_slice() {
                b"content-disposition" => &mut disposition,
                b"content-type" => &mut content_type,
                b"content-transfer-encoding" => &mut encoding,
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return None;
            }
        }
        let changes_bytes = |name: &&[u8]| !IDENTITIES.iter().any(|known| known.eq_ignore_ascii_case(name));
        Some(Self { disposition: disposition?, content_type, encoding: encoding.filter(changes_bytes) })
    }
}

/// The lines of a text, which end in CR and LF. What follows one of them alone is still the same line.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.windows(2).position(|pair| pair == b"\r\n");
        rest = end.map(|end| &text[end + 2..]);
        Some(end.map_or(text, |end| &text[..end]))
    })
}

/// A header's name, if it is one (RFC 9110, section 5.1) and its value holds no control characters, and its value.
fn header(line: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let colon = line.iter().position(|byte| *byte == b':').unwrap_or_default();
    let (name, value) = (&line[..colon], line[colon..].strip_prefix(b":").unwrap_or_default());
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let in_value = |byte: &u8| *byte == b'\t' || !byte.is_ascii_control();
    let well_formed = !name.is_empty() && name.iter().all(in_name) && value.iter().all(in_value);
    (well_formed.then_some(name), value.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISPOSITION: &str = "Content-Disposition: form-data";

    #[test]
    fn the_headers_that_a_part_may_have_are_found_among_others() {
        let text = format!("X-Other: 1\r\ncontent-TYPE:text/plain\t\r\n{DISPOSITION}\r\nX-Other: 2");
        let expected =
            Headers { disposition: b"form-data", content_type: Some(b"text/plain"), encoding: None };
        assert_eq!(Headers::parse(text.as_bytes()), Some(expected));
        for encoding in ["7bit", "8BIT", "binary"] {
            let text = format!("{DISPOSITION}\r\nContent-Transfer-Encoding: {encoding}");
            assert!(Headers::parse(text.as_bytes()).is_some_and(|headers| headers.encoding.is_none()));
        }
        let text = format!("{DISPOSITION}\r\nContent-Transfer-Encoding: base64");
        assert_eq!(Headers::parse(text.as_bytes()).unwrap().encoding, Some(&b"base64"[..]));
    }

    #[test]
    fn what_is_no_list_of_headers_is_malformed() {
        for line in [
            "",
            "no colon",
            ": no name",
            "Spaced : name",
            " continued: line",
            "X: bare\nLF",
            "X: bare\rCR",
            "X: \0",
            "X: \x7f",
            "Content-Disposition: form-data",
            "Content-Type: text/plain\r\nContent-Type: text/plain",
            "Content-Transfer-Encoding: 8bit\r\nContent-Transfer-Encoding: 8bit",
        ] {
            let text = format!("{DISPOSITION}\r\n{line}");
            assert_eq!(Headers::parse(text.as_bytes()), None, "{line:?}");
        }
        assert_eq!(Headers::parse(b"Content-Type: text/plain"), None);
        let long = format!("{DISPOSITION}\r\nX: {}", "x".repeat(MAX_BYTES));
        assert_eq!(Headers::parse(long.as_bytes()), None);
    }
}
