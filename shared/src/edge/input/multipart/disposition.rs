//! `Content-Disposition` of a part (RFC 7578, section 4.2), as browsers write it and with the extended file name of RFC
//! 8187 (which obsoletes RFC 5987).

use percent_encoding::percent_decode;

use super::parameters;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Disposition {
    /// Name of the field.
    pub(super) name: String,
    /// Name of the file, for parts that are files.
    pub(super) file_name: Option<FileName>,
}

/// Name of a file as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FileName {
    Known(String),
    /// Extended name that can't be decoded, without a plain one beside it.
    Unreadable,
}

impl Disposition {
    /// Parses the header. Returns `None` if it is malformed or names no field.
    pub(super) fn parse(header: &[u8]) -> Option<Self> {
        let header = std::str::from_utf8(header).ok()?;
        let (kind, list) = header.split_once(';')?;
        if !kind.trim().eq_ignore_ascii_case("form-data") {
            return None;
        }
        let [name, plain, extended] = parameters::read(list, ["name", "filename", "filename*"])?;
        let plain = plain.as_deref().map(|plain| FileName::Known(unescaped(plain)));
        let file_name = match extended.map(|value| extended_value(&value)) {
            // An extended name that can't be decoded is ignored beside a plain one (RFC 8187, section 3.2.1).
            Some(None) => Some(plain.unwrap_or(FileName::Unreadable)),
            Some(Some(extended)) => Some(FileName::Known(extended)),
            None => plain,
        };
        Some(Self { name: unescaped(&name?), file_name })
    }
}

/// Decodes the three escapes that browsers and most libraries write in names (WHATWG HTML, "multipart/form-data encoding
/// algorithm"). Other text stays as it is, because they don't escape the percent sign.
fn unescaped(name: &str) -> String {
    name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}

/// Decodes a value such as `UTF-8''na%C3%AFve.txt`: a charset, an ignored language and the percent-encoded value.
fn extended_value(text: &str) -> Option<String> {
    let mut parts = text.splitn(3, '\'');
    let (charset, _language, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    if !has_whole_escapes(encoded) {
        return None;
    }
    let bytes = percent_decode(encoded.as_bytes());
    if charset.eq_ignore_ascii_case("utf-8") {
        return bytes.decode_utf8().ok().map(Into::into);
    }
    // ISO-8859-1, which RFC 5987 requires, is the first 256 characters of Unicode.
    charset.eq_ignore_ascii_case("iso-8859-1").then(|| bytes.map(char::from).collect())
}

fn has_whole_escapes(text: &str) -> bool {
    let digits = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count();
    text.split('%').skip(1).all(|rest| digits(rest) == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_name(header: &str) -> Option<String> {
        match Disposition::parse(header.as_bytes())?.file_name? {
            FileName::Known(name) => Some(name),
            FileName::Unreadable => None,
        }
    }

    #[test]
    fn file_names_of_browsers_and_libraries_parse() {
        for (header, name) in [
            (r#"form-data; name="file"; filename="photo.png""#, "photo.png"),
            (r"form-data; name=file; filename=photo.png", "photo.png"),
            (r#"Form-Data; NAME="file"; FileName="photo.png""#, "photo.png"),
            (r#"form-data; name="file"; filename="日本.png""#, "日本.png"),
            (r#"form-data; name="file"; filename="a \"b\".png""#, r#"a "b".png"#),
            (r#"form-data; name="file"; filename="a%22b%22%0D%0A.png""#, "a\"b\"\r\n.png"),
            (r#"form-data; name="file"; filename="100%25%20%2f.png""#, "100%25%20%2f.png"),
            (r#"form-data; name="file"; filename="C:\dir\a.png""#, r"C:\dir\a.png"),
            (r#"form-data; name="file"; filename="a;b=c.png""#, "a;b=c.png"),
            (r#"form-data; name="file"; filename="plain.txt"; filename*=UTF-8''na%C3%AFve.txt"#, "naïve.txt"),
            (r#"form-data; filename*=iso-8859-1'en'na%EFve.txt; name="file""#, "naïve.txt"),
            (r#"form-data; name="file"; filename="a.txt"; filename*=iso-8859-15''a%A4.txt"#, "a.txt"),
            (r#"form-data; name="file"; filename*=UTF-8''%FF; filename=a.txt"#, "a.txt"),
            (r#"form-data; name="file"; filename="""#, ""),
        ] {
            assert_eq!(file_name(header).as_deref(), Some(name), "{header}");
        }
    }

    #[test]
    fn part_without_file_name_is_text_field() {
        let disposition = Disposition::parse(br#"form-data; name="note""#);
        assert_eq!(disposition, Some(Disposition { name: "note".to_owned(), file_name: None }));
    }

    #[test]
    fn ambiguous_values_are_malformed() {
        for header in [
            "",
            "form-data",
            "form-data; filename=\"x\"",
            "attachment; name=\"file\"",
            "form-data; name=\"file\"; name=\"other\"",
            "form-data; name=\"file\"; filename=\"a\"; filename=\"b\"",
            "form-data; name=\"file",
            "form-data; name=\"file\" filename=\"x\"",
            "form-data; name=\"file\";; filename=\"a.csv\"",
            "form-data; name=\"x\"; foo; name=\"file\"; filename=\"a.csv\"",
            "form-data; name=\"file\"; \"x=\"; filename=\"a.csv\"",
        ] {
            assert_eq!(Disposition::parse(header.as_bytes()), None, "{header}");
        }
    }

    #[test]
    fn undecodable_extended_name_needs_plain_one() {
        for name in ["UTF-8''%FF", "utf-16''a", "a.txt", "UTF-8''50%", "UTF-8''50%zz"] {
            let header = format!("form-data; name=\"file\"; filename*={name}");
            let unreadable =
                Disposition::parse(header.as_bytes()).and_then(|disposition| disposition.file_name);
            assert_eq!(unreadable, Some(FileName::Unreadable), "{name}");
            assert_eq!(file_name(&format!("{header}; filename=a.txt")).as_deref(), Some("a.txt"), "{name}");
        }
    }
}
