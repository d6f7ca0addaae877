//! Notation of bytes, defined in README.md.

use anyhow::{Context, Result, bail, ensure};

/// Parses a text into bytes, with `line_end` for each line break.
pub(crate) fn bytes(text: &str, line_end: &str) -> Result<Vec<u8>> {
    let (bytes, rest) = read(text, line_end, None)?;
    ensure!(rest.is_empty(), "text after the end: {rest}");
    Ok(bytes)
}

/// Reads up to `end`, or the whole text, and returns the bytes and the rest.
fn read<'t>(text: &'t str, line_end: &str, end: Option<char>) -> Result<(Vec<u8>, &'t str)> {
    let (mut bytes, mut rest) = (Vec::new(), text);
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        match letter {
            _ if Some(letter) == end => return Ok((bytes, rest)),
            '\n' => bytes.extend(line_end.as_bytes()),
            '\\' => {
                let (escaped, after) = escape(rest, line_end).with_context(|| format!("at \\{rest}"))?;
                bytes.extend(escaped);
                rest = after;
            }
            _ => bytes.extend(letter.to_string().as_bytes()),
        }
    }
    ensure!(end.is_none(), "a brace is not closed");
    Ok((bytes, rest))
}

/// Reads an escape after its backslash and returns the bytes and the rest.
fn escape<'t>(text: &'t str, line_end: &str) -> Result<(Vec<u8>, &'t str)> {
    let kind = text.chars().next().context("nothing follows a backslash")?;
    let rest = &text[kind.len_utf8()..];
    Ok(match kind {
        'n' => (b"\n".to_vec(), rest),
        'r' => (b"\r".to_vec(), rest),
        '\\' => (b"\\".to_vec(), rest),
        '\n' => (Vec::new(), rest),
        'x' => {
            let digits = rest.get(..2).context("two digits follow \\x")?;
            (vec![u8::from_str_radix(digits, 16)?], &rest[2..])
        }
        '*' => {
            let (count, rest) = rest.split_once('{').context("a number and a brace follow \\*")?;
            let (bytes, rest) = read(rest, line_end, Some('}'))?;
            (bytes.repeat(count.parse()?), rest)
        }
        other => bail!("unknown escape \\{other}"),
    })
}

#[test]
fn every_byte_has_a_notation() -> Result<()> {
    assert_eq!(bytes("a\nb\\\nc\\n\\r\\\\\\x00\\xff\u{e4}", "\r\n")?, b"a\r\nbc\n\r\\\0\xff\xc3\xa4");
    assert_eq!(bytes("\\*3{a\\x7d\n}}", "\n")?, b"a}\na}\na}\n}");
    for unreadable in ["\\", "\\q", "\\x0", "\\x0g", "\\*3a", "\\*{a}", "\\*2{a"] {
        assert!(bytes(unreadable, "\n").is_err(), "{unreadable}");
    }
    Ok(())
}
