//! `If-Match`: a request is for the versions that strong entity tags name (RFC 9110, sections 8.8.3 and 13.1.1).

use serde_json::json;

use super::fixture::read;
use crate::edge::input::{IfVersion, NoInput, Versions};

/// Input: the value of `If-Match`.
pub fn entity_tags(data: &[u8]) {
    let header = &*String::from_utf8_lossy(data);
    let versions = parsed(header);
    assert_eq!(versions, expected(header), "{header:?}");
    let Some(Versions::OneOf(numbers)) = versions else { return };
    for version in numbers.iter().flat_map(|version| [*version, version.wrapping_add(1)]) {
        let passes = Versions::OneOf(numbers.clone()).check(version).is_ok();
        assert_eq!(passes, numbers.contains(&version), "{version} for {header:?}");
        assert_eq!(parsed(&format!("\"{version}\"")), Some(Versions::OneOf(vec![version])));
    }
}

/// Returns the versions of a request with this header; `None` if it is refused.
fn parsed(header: &str) -> Option<Versions> {
    let event = json!({"headers": {"If-Match": header}});
    read::<IfVersion<NoInput>>(&(), &event).ok().map(|condition| condition.versions)
}

/// Returns the versions of a valid header. A valid one is `*`, or has at least one tag.
fn expected(header: &str) -> Option<Versions> {
    let blank = [' ', '\t'];
    if header.trim_matches(blank) == "*" {
        return Some(Versions::Any);
    }
    // A comma within quotes is part of a tag.
    let mut quoted = false;
    let elements = header.split(|letter| {
        quoted ^= letter == '"';
        letter == ',' && !quoted
    });
    let elements = elements.map(|element| element.trim_matches(blank)).filter(|element| !element.is_empty());
    let tags: Option<Vec<_>> = elements.map(tag).collect();
    let tags = tags.filter(|tags| !tags.is_empty())?.into_iter();
    Some(Versions::OneOf(
        tags.filter(|(is_weak, _)| !is_weak).filter_map(|(_, text)| version(text)).collect(),
    ))
}

/// Returns `true` for a weak tag, and the text between its quotes.
fn tag(element: &str) -> Option<(bool, &str)> {
    let is_letter = |byte| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..=0xff);
    let quoted = element.strip_prefix("W/").unwrap_or(element);
    let text = quoted.strip_prefix('"')?.strip_suffix('"').filter(|text| text.bytes().all(is_letter))?;
    Some((element.starts_with('W'), text))
}

/// Returns the number of a canonical decimal of 64 bits.
fn version(text: &str) -> Option<u64> {
    let is_decimal = (1..=20).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit());
    let digits = Some(text).filter(|text| is_decimal && (*text == "0" || !text.starts_with('0')));
    let number = digits?.bytes().fold(0, |number, digit| number * 10 + u128::from(digit - b'0'));
    u64::try_from(number).ok()
}
