//! Parameters of a header (`; name="file"; filename=a.png`), as browsers and libraries write them.

/// Maximum number of parameters. Browsers and libraries write three.
const MAX_PARAMETERS: usize = 32;

/// Returns the values of the wanted parameters, by their lower-case names. Returns `None` if the list is malformed or too
/// long. A repeated parameter is malformed, because another parser could take the other value.
pub(super) fn read<const N: usize>(list: &str, wanted: [&str; N]) -> Option<[Option<String>; N]> {
    let mut found = [const { None }; N];
    let mut count = 0;
    // Each round reads only the text that it consumes, so the time is linear.
    let mut rest = list.trim_start();
    while !rest.is_empty() {
        count += 1;
        let (name, value, after) = parameter(rest).filter(|_| count <= MAX_PARAMETERS)?;
        // Any other name could hide a parameter. Pieces (RFC 2231, section 3) would join to one in another parser.
        if !is_token(&name) || wanted.iter().any(|wanted| is_piece_of(wanted, &name)) {
            return None;
        }
        if let Some(slot) = wanted.iter().position(|wanted| *wanted == name)
            && found[slot].replace(value).is_some()
        {
            return None;
        }
        rest = after.trim_start();
    }
    Some(found)
}

/// Returns `true` for a token (RFC 9110, section 5.6.2).
fn is_token(name: &str) -> bool {
    let in_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(in_token)
}

fn is_piece_of(wanted: &str, name: &str) -> bool {
    let number = name.strip_prefix(wanted.trim_end_matches('*')).and_then(|rest| rest.strip_prefix('*'));
    number.is_some_and(|number| number.starts_with(|digit: char| digit.is_ascii_digit()))
}

/// Splits off one parameter: its name in lower case, its value, and the rest.
fn parameter(text: &str) -> Option<(String, String, &str)> {
    let (name, rest) = text.split_once('=')?;
    let rest = rest.trim_start();
    let (value, rest) = if let Some(quoted) = rest.strip_prefix('"') {
        quoted_value(quoted)?
    } else {
        let (value, rest) = rest.split_at(rest.find(';').unwrap_or(rest.len()));
        (value.trim().to_owned(), rest)
    };
    let rest = rest.trim_start();
    let after = if rest.is_empty() { rest } else { rest.strip_prefix(';')? };
    Some((name.trim().to_ascii_lowercase(), value, after))
}

/// Splits a quoted value at its closing quote. Only quotes and backslashes can be escaped, because the Windows paths of old
/// browsers have single backslashes.
fn quoted_value(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices().peekable();
    while let Some((index, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[index + 1..])),
            '\\' => {
                let escaped = letters.next_if(|(_, next)| matches!(next, '"' | '\\'));
                value.push(escaped.map_or('\\', |(_, next)| next));
            }
            _ => value.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_or_not_in_any_order() {
        let read = |list| read(list, ["a", "b"]);
        let both = Some([Some("1".to_owned()), Some("x; y=\"z\"\\".to_owned())]);
        assert_eq!(read(r#" A = 1 ; b="x; y=\"z\"\\"; c=3;"#), both);
        assert_eq!(read(r#"b="x; y=\"z\"\\";a="1""#), both);
        assert_eq!(read(""), Some([None, None]));
    }

    #[test]
    fn ambiguous_values_are_malformed() {
        for list in [
            "a",
            "a=1; a=1",
            "a=1; =2",
            "a*0=1; a*1=2",
            "a=1; a*0*=2",
            "a=\"1",
            "a=\"1\" b=2",
            ";=\"",
            "a=1; b",
        ] {
            assert_eq!(read(list, ["a"]), None, "{list}");
        }
    }

    #[test]
    fn header_has_at_most_32_parameters() {
        let list = |others: usize| format!("a=1{}", ";b=2".repeat(others));
        assert_eq!(read(&list(31), ["a"]), Some([Some("1".to_owned())]));
        assert_eq!(read(&list(32), ["a"]), None);
    }
}
