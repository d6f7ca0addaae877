//! The contract, implemented a second time without the product's code, as the expectation of targets.

use serde_json::Value;

use crate::domain::FileName;

/// Field and code of an issue; no field for the input as a whole.
pub(super) type PathAndCode = (Option<&'static str>, &'static str);

/// Rule that returns the code of the issue with a text, if there is one.
pub(super) type Rule = fn(&str) -> Option<&'static str>;

/// Returns the paths and codes of issues in JSON.
pub(super) fn paths_and_codes(issues: &Value) -> Vec<(Option<String>, String)> {
    let issues = issues.as_array().expect("issues are a list");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let path_and_code = |issue: &Value| {
        let path = issue["path"].as_array().expect("a path is a list");
        assert!(path.len() <= 1, "no input here is nested: {issue}");
        (path.first().and_then(text), text(&issue["code"]).expect("a code is text"))
    };
    issues.iter().map(path_and_code).collect()
}

/// Compares an error's issues with the expected ones.
pub(super) fn assert_issues(issues: &Value, expected: &[PathAndCode]) {
    let expected: Vec<_> =
        expected.iter().map(|(field, code)| (field.map(str::to_owned), (*code).to_owned())).collect();
    assert_eq!(paths_and_codes(issues), expected, "{issues}");
}

/// Returns the code of a text that is too short or too long in characters.
pub(super) fn length(text: &str, min: usize, max: usize) -> Option<&'static str> {
    let length = text.chars().count();
    if length < min { Some("too_small") } else { (length > max).then_some("too_big") }
}

/// Trims Unicode's white space and the byte order mark, as JavaScript's `trim` does.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}')
}

/// Returns `true` for a text of white space, controls, `Default_Ignorable_Code_Point`, the blank of Braille and marks of
/// annotation.
pub(super) fn shows_nothing(text: &str) -> bool {
    const IGNORABLE: [(u32, u32); 19] = [
        (0xad, 0xad),
        (0x34f, 0x34f),
        (0x61c, 0x61c),
        (0x115f, 0x1160),
        (0x17b4, 0x17b5),
        (0x180b, 0x180f),
        (0x200b, 0x200f),
        (0x202a, 0x202e),
        (0x2060, 0x206f),
        (0x2800, 0x2800),
        (0x3164, 0x3164),
        (0xfe00, 0xfe0f),
        (0xfeff, 0xfeff),
        (0xffa0, 0xffa0),
        (0xfff0, 0xfff8),
        (0xfff9, 0xfffb),
        (0x1_bca0, 0x1_bca3),
        (0x1_d173, 0x1_d17a),
        (0xe_0000, 0xe_0fff),
    ];
    let ignorable =
        |letter: char| IGNORABLE.iter().any(|(first, last)| (*first..=*last).contains(&letter.into()));
    text.chars().all(|letter| letter.is_whitespace() || letter.is_control() || ignorable(letter))
}

/// Asserts that a name has no path, control characters and direction marks, and is not too long.
pub(super) fn assert_safe_name(name: &FileName) {
    let name = name.as_str();
    assert_eq!(length(name, 1, 255), None, "{name:?}");
    assert!(!name.contains(['/', '\\']) && !name.chars().any(char::is_control), "{name:?}");
    let turns = |letter: char| matches!(u32::from(letter), 0x61c | 0x200e | 0x200f | 0x202a..=0x202e | 0x2066..=0x2069);
    assert!(!name.chars().any(turns), "{name:?}");
    assert!(name != "." && name != ".." && name.trim() == name && !name.ends_with('.'), "{name:?}");
    assert_eq!(FileName::new(name).as_str(), name);
}
