//! Headers of a part. RFC 7578, section 4.8, has three. All others are ignored, but must be well-formed.

/// Maximum bytes of a part's headers. A file name of 255 characters, in both its forms, needs half.
const MAX_BYTES: usize = 8 * 1024;

/// Encodings that keep the bytes. RFC 7578 has no others.
const IDENTITIES: [&[u8]; 3] = [b"7bit", b"8bit", b"binary"];

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Headers<'b> {
    /// Value of `Content-Disposition`.
    pub(super) disposition: &'b [u8],
    /// Value of `Content-Type`.
    pub(super) content_type: Option<&'b [u8]>,
    /// Value of `Content-Transfer-Encoding`, if it may change the bytes.
    pub(super) encoding: Option<&'b [u8]>,
}

impl<'b> Headers<'b> {
    /// Parses the lines above a part's content. Returns `None` if they are malformed or too long. A repeated header is
    /// malformed, because another parser could take the other value.
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

/// Splits a text at CR LF. A CR or LF alone does not end a line.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.windows(2).position(|pair| pair == b"\r\n");
        rest = end.map(|end| &text[end + 2..]);
        Some(end.map_or(text, |end| &text[..end]))
    })
}

/// Splits a header into name and value. The name is `None` if it is no token (RFC 9110, section 5.1) or the value has
/// control characters.
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
    fn known_headers_are_found_among_others() {
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
    fn malformed_headers_are_refused() {
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
