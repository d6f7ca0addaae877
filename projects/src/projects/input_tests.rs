//! Rules of a new project, on both sides of every boundary.

use proptest::prelude::*;
use serde_json::{Value, json};
use shared::domain::validation::{IssueCode, Issues, Segment, Source, parse};

use super::*;

fn create(body: Value) -> Result<Value, Issues> {
    parse::<NewProject>(body, Source::Json).map(|project| serde_json::to_value(project).unwrap())
}

/// Returns code and message of the only issue, which must be with this field; `None` if there is none.
fn issue(body: Value, field: &str) -> Option<(IssueCode, String)> {
    let issues = create(body).err()?;
    let [issue] = issues.as_slice() else { panic!("{issues:?}") };
    assert_eq!(issue.path, [Segment::Key(field.to_owned())]);
    Some((issue.code, issue.message.clone()))
}

#[test]
fn name_is_trimmed() {
    for (sent, kept) in
        [("Apollo", "Apollo"), ("  Apollo 11\t\n", "Apollo 11"), ("\u{2003}日本\u{a0}", "日本")]
    {
        assert_eq!(create(json!({ "name": sent })).unwrap()["name"], kept);
    }
}

#[test]
fn name_has_1_to_100_characters() {
    // A family of seven scalar values that looks like one character counts as seven.
    let family = "👨\u{200d}👩\u{200d}👧\u{200d}👦";
    for (name, expected) in [
        ("a".to_owned(), None),
        ("a".repeat(100), None),
        ("a".repeat(101), Some(IssueCode::TooBig)),
        ("é".repeat(100), None),
        ("é".repeat(101), Some(IssueCode::TooBig)),
        ("🚀".repeat(100), None),
        ("🚀".repeat(101), Some(IssueCode::TooBig)),
        (family.repeat(14), None),
        (family.repeat(15), Some(IssueCode::TooBig)),
        ("e\u{301}".repeat(50), None),
        ("e\u{301}".repeat(51), Some(IssueCode::TooBig)),
        (format!("  {}  ", "a".repeat(100)), None),
    ] {
        assert_eq!(issue(json!({ "name": name }), "name").map(|(code, _)| code), expected, "{name}");
    }
}

#[test]
fn blank_name_is_missing() {
    for name in ["", " ", "\t\r\n", "\u{a0}\u{2003}\u{3000}"] {
        let required = Some((IssueCode::TooSmall, "Name is required".to_owned()));
        assert_eq!(issue(json!({ "name": name }), "name"), required, "{name:?}");
    }
}

#[test]
fn name_of_another_type_is_one_issue() {
    for (name, received) in
        [(json!(null), "null"), (json!(5), "number"), (json!(["a"]), "array"), (json!({}), "object")]
    {
        let message = format!("Invalid input: expected string, received {received}");
        assert_eq!(issue(json!({ "name": name }), "name"), Some((IssueCode::InvalidType, message)));
    }
    let message = "Invalid input: expected string, received undefined".to_owned();
    assert_eq!(issue(json!({}), "name"), Some((IssueCode::InvalidType, message)));
}

#[test]
fn description_has_up_to_500_characters() {
    for (description, expected) in [
        (json!(""), None),
        (json!("d".repeat(500)), None),
        (json!("d".repeat(501)), Some(IssueCode::TooBig)),
        (json!("🚀".repeat(500)), None),
        (json!("🚀".repeat(501)), Some(IssueCode::TooBig)),
        (json!(null), Some(IssueCode::InvalidType)),
    ] {
        let found = issue(json!({ "name": "a", "description": description }), "description");
        assert_eq!(found.map(|(code, _)| code), expected, "{description}");
    }
}

#[test]
fn color_is_hash_and_six_hex_digits() {
    for color in ["#000000", "#ffffff", "#FFFFFF", "#1a2B3c"] {
        assert_eq!(create(json!({ "name": "a", "color": color })).unwrap()["color"], color);
    }
    for color in
        ["", "#", "000000", "#00000", "#0000000", "#00000g", "#fff", " #000000", "#000000 ", "#00é00", "red"]
    {
        let found = issue(json!({ "name": "a", "color": color }), "color");
        assert_eq!(found.map(|(code, _)| code), Some(IssueCode::InvalidFormat), "{color:?}");
    }
    assert_eq!(issue(json!({ "name": "a", "color": null }), "color").unwrap().0, IssueCode::InvalidType);
}

#[test]
fn read_only_fields_are_ignored() {
    let body =
        json!({"name": "a", "orgId": "other", "id": "x", "version": 9, "createdBy": "eve", "Name": "b"});
    assert_eq!(create(body).unwrap(), json!({"name": "a", "description": null, "color": null}));
}

#[test]
fn all_issues_are_reported_in_order() {
    let issues = create(json!({"color": "red", "description": 5, "name": " "})).unwrap_err();
    let found: Vec<_> = issues.as_slice().iter().map(|issue| (issue.path.clone(), issue.code)).collect();
    let key = |name: &str| vec![Segment::Key(name.to_owned())];
    assert_eq!(
        found,
        [
            (key("name"), IssueCode::TooSmall),
            (key("description"), IssueCode::InvalidType),
            (key("color"), IssueCode::InvalidFormat),
        ]
    );
    assert_eq!(issues.field().as_deref(), Some("name"));
}

/// Field of a body: a text about as long as its limit, a color, another type, or none.
fn field(longest: usize) -> impl Strategy<Value = Option<Value>> {
    let text = (0..longest + 20, "[ aé🚀]").prop_map(|(length, letter)| Value::from(letter.repeat(length)));
    let color = "#[0-9a-fA-F]{5,7}".prop_map(Value::from);
    prop_oneof![
        Just(None),
        text.prop_map(Some),
        color.prop_map(Some),
        any::<i64>().prop_map(|number| Some(number.into()))
    ]
}

/// Checks the contract of the body, without `Input`.
fn keeps_the_rules(name: Option<&Value>, description: Option<&Value>, color: Option<&Value>) -> bool {
    let optional = |value: Option<&Value>, fits: &dyn Fn(&str) -> bool| {
        value.is_none_or(|value| value.as_str().is_some_and(fits))
    };
    let is_name = |name: &str| (1..=100).contains(&name.trim().chars().count());
    let name = name.and_then(Value::as_str).is_some_and(is_name);
    let description = optional(description, &|text| text.chars().count() <= 500);
    let is_color = |text: &str| {
        text.len() == 7 && text.starts_with('#') && text[1..].chars().all(|digit| digit.is_ascii_hexdigit())
    };
    name && description && optional(color, &is_color)
}

proptest! {
    #[test]
    fn body_is_accepted_iff_it_satisfies_the_rules(name in field(100), description in field(500), color in field(7)) {
        let fields = [("name", &name), ("description", &description), ("color", &color)];
        let body: Value = fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.clone()?))).collect();
        let expected = keeps_the_rules(name.as_ref(), description.as_ref(), color.as_ref());
        prop_assert_eq!(create(body).is_ok(), expected);
    }
}
