//! Mismatches and broken rules: all together, in order, with the codes and paths of Zod 4.

mod invoice;
mod text;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::derived::ValidateEmail;
use super::*;

/// Input with a field of every kind, not in alphabetical order.
#[derive(Debug, PartialEq, Deserialize, Input)]
#[serde(rename_all = "camelCase")]
struct Order {
    #[validate(length(min = 1, max = 3))]
    title: String,
    #[validate(range(min = 1, max = 100))]
    unit_count: i64,
    level: Option<u8>,
    kind: Option<Kind>,
    ratio: Option<f64>,
    express: bool,
    address: Address,
    #[validate(length(min = 1, max = 2))]
    lines: Vec<Line>,
    note: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize, Input)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Gift,
    Sample,
}

#[derive(Debug, PartialEq, Deserialize, Input)]
struct Address {
    #[validate(length(min = 2))]
    city: String,
    #[validate(email)]
    contact: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize, Input)]
struct Line {
    #[validate(range(min = 0.5, max = 9.5))]
    weight: f64,
    label: String,
}

fn order() -> Value {
    json!({
        "title": "abc", "unitCount": 1, "level": 255, "kind": "gift", "ratio": 0.5, "express": true,
        "address": {"city": "Bern", "contact": "a@example.com"},
        "lines": [{"weight": 1, "label": "x"}], "note": "",
    })
}

/// Returns the order with other values at these pointers.
fn with(changes: &[(&str, Value)]) -> Value {
    let mut order = order();
    for (pointer, value) in changes {
        *order.pointer_mut(pointer).unwrap() = value.clone();
    }
    order
}

fn without(key: &str) -> Value {
    let mut order = order();
    order.as_object_mut().unwrap().remove(key);
    order
}

/// Returns the issues in JSON.
fn issues<T: Input + std::fmt::Debug>(value: Value, source: Source) -> Value {
    match parse::<T>(value, source) {
        Ok(_) => json!([]),
        Err(issues) => serde_json::to_value(&issues).unwrap(),
    }
}

fn of(value: Value) -> Value {
    issues::<Order>(value, Source::Json)
}

/// Returns the path and code of each issue.
fn kinds(value: Value) -> Vec<(String, String)> {
    let issues = of(value);
    let steps = |issue: &Value| {
        let steps = issue["path"].as_array().unwrap().iter();
        steps
            .map(|step| step.as_str().map_or_else(|| step.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(".")
    };
    let code = |issue: &Value| issue["code"].as_str().unwrap().to_owned();
    issues.as_array().unwrap().iter().map(|issue| (steps(issue), code(issue))).collect()
}

fn expect(found: &[(String, String)], expected: &[(&str, &str)]) {
    let found: Vec<_> = found.iter().map(|(path, code)| (path.as_str(), code.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn valid_input_is_accepted() {
    assert_eq!(of(order()), json!([]));
}

#[test]
fn all_issues_are_reported_in_field_order() {
    let bad = json!({
        "note": 5, "lines": [{"weight": "1", "label": "x"}, {"weight": 10, "label": null}],
        "address": {"city": "B", "contact": "nobody"}, "express": "yes", "ratio": "1", "kind": "gift",
        "level": 256, "unitCount": 101, "title": "",
    });
    let expected = json!([
        {"path": ["title"], "code": "too_small", "message": "Title is required"},
        {"path": ["unitCount"], "code": "too_big", "message": "Too big: expected number to be <=100"},
        {"path": ["level"], "code": "too_big", "message": "Too big: expected number to be <=255"},
        {"path": ["ratio"], "code": "invalid_type", "message": "Invalid input: expected number, received string"},
        {"path": ["express"], "code": "invalid_type", "message": "Invalid input: expected boolean, received string"},
        {"path": ["address", "city"], "code": "too_small", "message": "Too small: expected string to have >=2 characters"},
        {"path": ["address", "contact"], "code": "invalid_format", "message": "Invalid email address"},
        {"path": ["lines", 0, "weight"], "code": "invalid_type", "message": "Invalid input: expected number, received string"},
        {"path": ["lines", 1, "weight"], "code": "too_big", "message": "Too big: expected number to be <=9.5"},
        {"path": ["lines", 1, "label"], "code": "invalid_type", "message": "Invalid input: expected string, received null"},
        {"path": ["note"], "code": "invalid_type", "message": "Invalid input: expected string, received number"},
    ]);
    assert_eq!(of(bad), expected);
}

#[test]
fn missing_field_is_undefined_unless_optional() {
    expect(&kinds(without("title")), &[("title", "invalid_type")]);
    assert_eq!(of(without("express"))[0]["message"], "Invalid input: expected boolean, received undefined");
    for optional in ["level", "kind", "ratio", "note"] {
        assert_eq!(of(without(optional)), json!([]), "{optional}");
    }
}

#[test]
fn null_is_not_missing() {
    for field in ["title", "unitCount", "level", "ratio", "express", "address", "lines", "note"] {
        let issues = of(with(&[(&format!("/{field}"), Value::Null)]));
        assert_eq!(
            (&issues[0]["path"], &issues[0]["code"]),
            (&json!([field]), &json!("invalid_type")),
            "{field}"
        );
        assert_eq!(issues.as_array().unwrap().len(), 1, "{field}");
    }
}

#[test]
fn another_type_than_object_is_one_issue() {
    for (value, name) in [
        (json!([]), "array"),
        (json!("text"), "string"),
        (json!(1), "number"),
        (json!(true), "boolean"),
        (json!(null), "null"),
    ] {
        let message = format!("Invalid input: expected object, received {name}");
        assert_eq!(of(value), json!([{"path": [], "code": "invalid_type", "message": message}]));
    }
}

#[test]
fn mismatch_hides_issues_below_it() {
    let bad = with(&[("/address", json!("Bern")), ("/lines", json!({}))]);
    expect(&kinds(bad), &[("address", "invalid_type"), ("lines", "invalid_type")]);
}

#[test]
fn rules_skip_mismatched_values() {
    // A default in place of these values would break a rule.
    let bad = with(&[
        ("/title", json!(7)),
        ("/unitCount", json!("7")),
        ("/address/city", json!(null)),
        ("/lines/0/weight", json!([])),
    ]);
    expect(
        &kinds(bad),
        &[
            ("title", "invalid_type"),
            ("unitCount", "invalid_type"),
            ("address.city", "invalid_type"),
            ("lines.0.weight", "invalid_type"),
        ],
    );
}

#[test]
fn rules_apply_beside_mismatches_of_other_fields() {
    let bad = with(&[("/title", json!("long")), ("/express", json!(0)), ("/lines/0/weight", json!(0.4))]);
    expect(
        &kinds(bad),
        &[("title", "too_big"), ("express", "invalid_type"), ("lines.0.weight", "too_small")],
    );
}

#[test]
fn length_rules_apply_to_arrays() {
    let line = json!({"weight": 1, "label": "x"});
    let few = of(with(&[("/lines", json!([]))]));
    assert_eq!(
        few,
        json!([
            {"path": ["lines"], "code": "too_small", "message": "Too small: expected array to have >=1 items"},
        ])
    );
    let many = of(with(&[("/lines", json!([line, line, line]))]));
    assert_eq!(
        many,
        json!([
            {"path": ["lines"], "code": "too_big", "message": "Too big: expected array to have <=2 items"},
        ])
    );
}

#[test]
fn number_beyond_its_type_is_out_of_range() {
    for (value, expected) in [
        (json!(-1), Some("too_small")),
        (json!(0), None),
        (json!(255), None),
        (json!(256), Some("too_big")),
        (json!(i64::MIN), Some("too_small")),
        (json!(u64::MAX), Some("too_big")),
        (json!(1e300), Some("too_big")),
        (json!(-1e300), Some("too_small")),
        (json!(20.0), None),
        (json!(1.5), Some("invalid_type")),
    ] {
        let issues = of(with(&[("/level", value.clone())]));
        assert_eq!(issues[0]["code"].as_str(), expected, "{value}");
    }
}

#[test]
fn number_beyond_its_type_reports_the_rule() {
    for (value, bound) in [(json!(1e300), "<=100"), (json!(u64::MAX), "<=100"), (json!(-1e300), ">=1")] {
        let issues = of(with(&[("/unitCount", value.clone())]));
        assert!(
            issues[0]["message"].as_str().is_some_and(|message| message.ends_with(bound)),
            "{value}: {issues}"
        );
        assert_eq!(issues[1], Value::Null);
    }
}

#[test]
fn unknown_option_hides_no_other_issue() {
    for bad in [json!("GIFT"), json!(""), json!(0), json!(null), json!({"gift": null})] {
        let issues = of(with(&[("/kind", bad), ("/title", json!("")), ("/note", json!(1))]));
        let option = json!({"path": ["kind"], "code": "custom", "message": "Invalid option: expected one of gift|sample"});
        assert_eq!(issues[1], option);
        assert_eq!((&issues[0]["path"], &issues[2]["path"]), (&json!(["title"]), &json!(["note"])));
    }
}

#[test]
fn refused_item_is_one_issue() {
    #[derive(Debug, Input)]
    struct Basket {
        #[serde(rename = "kinds")]
        _kinds: Vec<Kind>,
    }
    let found = issues::<Basket>(json!({"kinds": ["gift", "other", "sample", 1]}), Source::Json);
    let paths: Vec<_> = found.as_array().unwrap().iter().map(|issue| &issue["path"]).collect();
    assert_eq!(paths, [&json!(["kinds", 1]), &json!(["kinds", 3])]);
}

#[test]
fn unknown_fields_are_ignored_and_last_duplicate_wins() {
    let mut more = order();
    more["unknown"] = json!({"deep": [1]});
    assert_eq!(of(more), json!([]));
    let doubled = serde_json::from_str(&order().to_string().replacen('{', r#"{"title":7,"#, 1)).unwrap();
    assert_eq!(of(doubled), json!([]));
}

#[test]
fn field_is_path_of_the_first_issue() {
    let field = |value| parse::<Order>(value, Source::Json).unwrap_err().field();
    assert_eq!(field(with(&[("/lines/0/label", json!(1))])).as_deref(), Some("lines.0.label"));
    assert_eq!(field(with(&[("/note", json!(1)), ("/unitCount", json!(0))])).as_deref(), Some("unitCount"));
    assert_eq!(field(json!([])), None);
}

/// Any JSON value.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,5}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z]{0,4}", inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// The order with up to four of its parts replaced by any JSON.
fn nearly_an_order() -> impl Strategy<Value = Value> {
    let pointers = [
        "/title",
        "/unitCount",
        "/level",
        "/kind",
        "/ratio",
        "/express",
        "/address",
        "/address/city",
        "/address/contact",
        "/lines",
        "/lines/0",
        "/lines/0/weight",
        "/note",
    ];
    let change = (prop::sample::select(pointers.to_vec()), any_json());
    prop::collection::vec(change, 0..4).prop_map(|changes| {
        let mut order = order();
        for (pointer, value) in changes {
            // An earlier change may have removed the place.
            if let Some(place) = order.pointer_mut(pointer) {
                *place = value;
            }
        }
        order
    })
}

/// Checks the rules of an order, without `Input`.
fn keeps_the_rules(order: &Order) -> bool {
    let within = |text: &str, least, most| (least..=most).contains(&text.chars().count());
    within(&order.title, 1, 3)
        && (1..=100).contains(&order.unit_count)
        && within(&order.address.city, 2, usize::MAX)
        && order.address.contact.as_ref().is_none_or(ValidateEmail::validate_email)
        && (1..=2).contains(&order.lines.len())
        && order.lines.iter().all(|line| (0.5..=9.5).contains(&line.weight))
}

/// Returns `true` for orders that serde reads differently: with a `null` for an optional value, an integer written as a
/// float, or an array for an object.
fn differs_on_purpose(order: &Value) -> bool {
    let optional = ["/level", "/kind", "/ratio", "/note", "/address/contact"];
    let whole = |pointer| order.pointer(pointer).is_some_and(Value::is_f64);
    optional.iter().any(|pointer| order.pointer(pointer) == Some(&Value::Null))
        || whole("/level")
        || whole("/unitCount")
        || order.is_array()
        || ["/address", "/lines/0"].iter().any(|pointer| order.pointer(pointer).is_some_and(Value::is_array))
        || order.pointer("/kind").is_some_and(Value::is_object)
}

proptest! {
    #[test]
    fn parsing_never_panics(value in any_json()) {
        for source in [Source::Json, Source::Text] {
            if let Err(issues) = parse::<Order>(value.clone(), source) {
                prop_assert!(!issues.as_slice().is_empty());
            }
        }
    }

    #[test]
    fn parsing_agrees_with_serde_and_the_rules(value in nearly_an_order()) {
        let plain = serde_json::from_value::<Order>(value.clone()).ok().filter(keeps_the_rules);
        let parsed = parse::<Order>(value.clone(), Source::Json);
        if !differs_on_purpose(&value) {
            prop_assert_eq!(parsed.ok(), plain);
        }
    }

    #[test]
    fn each_path_has_one_issue(value in nearly_an_order()) {
        if let Err(issues) = parse::<Order>(value, Source::Json) {
            let paths: Vec<_> = issues.as_slice().iter().map(|issue| &issue.path).collect();
            for (index, path) in paths.iter().enumerate() {
                prop_assert!(!paths[index + 1..].contains(path), "{path:?}");
            }
        }
    }
}
