//! Query parameters, whose values are text.

use serde_json::{Value, json};

use super::super::*;
use crate::domain::PageRequest;

#[derive(Debug, Input)]
struct Filter {
    archived: Option<bool>,
    ratio: Option<f64>,
    name: Option<String>,
    #[serde(default)]
    #[validate(length(max = 2))]
    tag: Vec<u8>,
}

fn page(parameters: Value) -> Result<PageRequest, Issues> {
    parse(parameters, Source::Text)
}

fn code(parameters: Value) -> Option<IssueCode> {
    page(parameters).err().map(|issues| issues.as_slice()[0].code)
}

#[test]
fn limit_is_an_integer_from_1_to_100() {
    for (text, expected) in [("1", 1), ("100", 100), ("020", 20)] {
        assert_eq!(page(json!({ "limit": text })).unwrap().limit(), expected);
    }
    for text in ["", "abc", "1.5", "1.0", "1e1", " 1", "1 ", "+1", "--1", "-", "0x10", "١", "1,000", "NaN"] {
        assert_eq!(code(json!({ "limit": text })), Some(IssueCode::InvalidType), "{text:?}");
    }
    for (text, expected) in
        [("0", IssueCode::TooSmall), ("-5", IssueCode::TooSmall), ("101", IssueCode::TooBig)]
    {
        assert_eq!(code(json!({ "limit": text })), Some(expected), "{text}");
    }
}

#[test]
fn long_numbers_are_too_small_or_big() {
    for digits in [19, 20, 38, 39, 40, 10_000] {
        let huge = "9".repeat(digits);
        assert_eq!(
            code(json!({ "limit": format!("-{huge}") })),
            Some(IssueCode::TooSmall),
            "{digits} digits"
        );
        assert_eq!(code(json!({ "limit": huge })), Some(IssueCode::TooBig), "{digits} digits");
    }
}

#[test]
fn default_limit_is_20() {
    let page = page(json!({"unknown": "x"})).unwrap();
    assert_eq!(page.limit(), 20);
}

#[test]
fn flags_and_numbers_are_parsed_from_text() {
    let filter = |parameters| parse::<Filter>(parameters, Source::Text);
    let read = filter(json!({"archived": "true", "ratio": "-0.25", "name": "5"})).unwrap();
    assert_eq!((read.archived, read.ratio, read.name.as_deref()), (Some(true), Some(-0.25), Some("5")));
    for (key, text) in [
        ("archived", "yes"),
        ("archived", ""),
        ("archived", "1"),
        ("ratio", ""),
        ("ratio", "inf"),
        ("ratio", "NaN"),
        ("ratio", "1e999"),
    ] {
        let issues = filter(json!({ key: text })).unwrap_err();
        assert_eq!(issues.as_slice()[0].code, IssueCode::InvalidType, "{key}={text}");
    }
}

#[test]
fn list_parameter_may_occur_once() {
    let tags = |tags: Value| parse::<Filter>(json!({ "tag": tags }), Source::Text).map(|filter| filter.tag);
    assert_eq!(tags(json!("1")).unwrap(), [1]);
    assert_eq!(tags(json!(["1", "2"])).unwrap(), [1, 2]);
    assert!(parse::<Filter>(json!({}), Source::Text).unwrap().tag.is_empty());
    assert_eq!(tags(json!(["1", "2", "3"])).unwrap_err().as_slice()[0].code, IssueCode::TooBig);
    assert_eq!(tags(json!(["1", "x"])).unwrap_err().field().as_deref(), Some("tag.1"));
    assert!(parse::<Filter>(json!({"tag": "1"}), Source::Json).is_err());
}

#[test]
fn json_strings_are_no_numbers_or_flags() {
    for (key, text) in [("archived", "true"), ("ratio", "0.5")] {
        assert!(parse::<Filter>(json!({ key: text }), Source::Json).is_err(), "{key}");
    }
}
