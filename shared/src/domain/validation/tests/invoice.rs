//! Nested inputs, enums with data, dates, ids, maps, and rules about several fields.

use std::collections::BTreeMap;

use jiff::civil::date;
use serde_json::{Map, Value, json};

use super::super::specimen::{Currency, Invoice, Payment};
use super::super::*;
use super::issues;

fn invoice() -> Value {
    json!({
        "no": "INV-7", "customer": {"name": " Ada ", "email": "ada@example.com"}, "currency": "EUR",
        "issueDate": "2026-11-22", "dueDate": "2026-12-22",
        "items": [{"sku": "A-01", "quantity": 2, "amount": 1250, "taxRate": 0.19}, {"sku": "A-02", "quantity": 1, "amount": 1}],
        "discount": 100, "payment": {"type": "bank-transfer", "accountNumber": "DE89370400440532013000"},
        "labels": {"team": "blue"}, "contractId": "019ab3c5-1f8b-7bbb-8000-5d60cdb1a4e6",
        "orderId": "019AB3C5-1F8B-7BBB-8000-5D60CDB1A4E6", "sentAt": "2026-11-22T04:23:11.123Z",
    })
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut invoice = invoice();
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match invoice.pointer_mut(parent).unwrap() {
            Value::Array(elements) => elements[key.parse::<usize>().unwrap()] = value.clone(),
            object => object[key] = value.clone(),
        }
    }
    invoice
}

fn without(key: &str) -> Value {
    let mut invoice = invoice();
    invoice.as_object_mut().unwrap().remove(key);
    invoice
}

/// Returns the path, code and message of each issue.
fn reported(value: Value) -> Vec<(String, String, String)> {
    let issues = issues::<Invoice>(value, Source::Json);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let issues = issues.as_array().unwrap().iter();
    issues.map(|issue| (issue["path"].to_string(), text(&issue["code"]), text(&issue["message"]))).collect()
}

fn expect(value: Value, expected: &[(&str, &str, &str)]) {
    let reported = reported(value);
    let reported: Vec<_> =
        reported.iter().map(|(path, code, words)| (path.as_str(), code.as_str(), words.as_str())).collect();
    assert_eq!(reported, expected);
}

#[test]
fn invoice_is_read_with_all_fields() {
    let read = parse::<Invoice>(invoice(), Source::Json).unwrap();
    assert_eq!(read.customer.name, "Ada");
    assert_eq!(read.currency, Currency::Eur);
    assert_eq!((read.issue_date, read.due_date), (date(2026, 11, 22), Some(date(2026, 12, 22))));
    assert_eq!(
        read.items.iter().map(|item| (item.quantity, item.amount)).collect::<Vec<_>>(),
        [(2, 1250), (1, 1)]
    );
    assert!(
        matches!(read.payment, Some(Payment::BankTransfer { account_number }) if account_number.len() == 22)
    );
    assert_eq!(read.labels.unwrap()["team"], "blue");
    assert_eq!(read.contract_id.unwrap().to_string(), "019ab3c5-1f8b-7bbb-8000-5d60cdb1a4e6");
    assert_eq!(read.order_id.unwrap().to_string(), "019ab3c5-1f8b-7bbb-8000-5d60cdb1a4e6");
    assert_eq!(read.sent_at.unwrap().as_millisecond(), 1_795_321_391_123);
    assert_eq!((read.discount, read.note), (100, Patch::Absent));
}

#[test]
fn issues_of_all_depths_are_in_declared_order() {
    let bad = with(&[
        ("/no", json!("7")),
        ("/customer/name", json!(" ")),
        ("/currency", json!("eur")),
        ("/issueDate", json!("22.11.2026")),
        ("/items/0/sku", json!("A-1")),
        ("/items/1/amount", json!("12")),
        ("/items/1/quantity", json!(0)),
        ("/payment/accountNumber", json!("DE89")),
        ("/labels/team", json!(7)),
        ("/contractId", json!("7")),
        ("/sentAt", json!("2026-11-22")),
    ]);
    expect(
        bad,
        &[
            ("[\"no\"]", "invalid_format", "Invoice number must be INV- and digits"),
            ("[\"customer\",\"name\"]", "too_small", "Name is required"),
            ("[\"currency\"]", "custom", "Invalid option: expected one of CHF|EUR|USD"),
            ("[\"issueDate\"]", "invalid_format", "Invalid ISO date"),
            ("[\"items\",0,\"sku\"]", "too_small", "Too small: expected string to have exactly 4 characters"),
            ("[\"items\",1,\"quantity\"]", "too_small", "Too small: expected number to be >=1"),
            ("[\"items\",1,\"amount\"]", "invalid_type", "Invalid input: expected int, received string"),
            (
                "[\"payment\",\"accountNumber\"]",
                "too_small",
                "Too small: expected string to have >=15 characters",
            ),
            ("[\"labels\",\"team\"]", "invalid_type", "Invalid input: expected string, received number"),
            ("[\"contractId\"]", "invalid_format", "Invalid UUID"),
            ("[\"sentAt\"]", "invalid_format", "Invalid ISO datetime"),
        ],
    );
}

#[test]
fn rule_about_two_fields_has_a_path() {
    let early = ("[\"dueDate\"]", "custom", "Due date is before the issue date");
    expect(with(&[("/dueDate", json!("2026-11-21"))]), &[early]);
    let much = ("[\"discount\"]", "too_big", "Discount is more than the items");
    expect(with(&[("/discount", json!(2502)), ("/dueDate", json!("2026-11-21"))]), &[early, much]);
}

#[test]
fn rule_about_two_fields_joins_other_issues() {
    let bad = with(&[("/dueDate", json!("2026-11-21")), ("/customer/email", json!("nobody"))]);
    let email = ("[\"customer\",\"email\"]", "invalid_format", "Invalid email address");
    expect(bad, &[email, ("[\"dueDate\"]", "custom", "Due date is before the issue date")]);
}

#[test]
fn rule_is_skipped_if_its_fields_are_invalid() {
    // A default in place of these values would break the rule.
    let date = ("[\"issueDate\"]", "invalid_type", "Invalid input: expected string, received null");
    expect(with(&[("/issueDate", Value::Null)]), &[date]);
    let amount = ("[\"items\",0,\"amount\"]", "too_small", "Too small: expected number to be >0");
    expect(with(&[("/items/0/amount", json!(0)), ("/discount", json!(900_000))]), &[amount]);
    let discount = ("[\"discount\"]", "too_big", "Too big: expected number to be <=1000000");
    expect(with(&[("/discount", json!(1_000_001))]), &[discount]);
}

#[test]
fn enum_with_data_is_read_by_tag() {
    for good in [json!({"type": "cash"}), json!({"type": "card", "holders": [{"name": "a"}]})] {
        expect(with(&[("/payment", good)]), &[]);
    }
    let unknown = "Invalid option: expected one of cash|bank-transfer|card";
    for bad in [json!({}), json!({"type": "Cash"}), json!({"type": 1, "holders": []})] {
        expect(with(&[("/payment", bad)]), &[("[\"payment\",\"type\"]", "custom", unknown)]);
    }
    let object = "Invalid input: expected object, received string";
    expect(with(&[("/payment", json!("cash"))]), &[("[\"payment\"]", "invalid_type", object)]);
    let holder = "Invalid input: expected string, received undefined";
    expect(
        with(&[("/payment", json!({"type": "card", "holders": [{"name": "a"}, {}]}))]),
        &[("[\"payment\",\"holders\",1,\"name\"]", "invalid_type", holder)],
    );
}

#[test]
fn too_many_elements_hide_their_issues() {
    let bad = json!({"name": 1});
    let many = with(&[("/payment", json!({"type": "card", "holders": [bad, bad, bad]}))]);
    // The elements are not read.
    let words = "Too big: expected array to have <=2 items";
    expect(many, &[("[\"payment\",\"holders\"]", "too_big", words)]);
    let labels = json!({"a": "", "b": "", "c": "", "d": 1});
    let words = "Too big: expected record to have <=3 entries";
    expect(with(&[("/labels", labels)]), &[("[\"labels\"]", "too_big", words)]);
}

#[test]
fn too_few_elements_report_their_issues() {
    #[derive(Debug, Input)]
    struct Pair {
        #[serde(rename = "of")]
        #[validate(length(min = 2))]
        _of: Vec<u8>,
    }
    let found = issues::<Pair>(json!({"of": ["a"]}), Source::Json);
    let codes: Vec<_> =
        found.as_array().unwrap().iter().map(|issue| (&issue["path"], &issue["code"])).collect();
    assert_eq!(codes, [(&json!(["of"]), &json!("too_small")), (&json!(["of", 0]), &json!("invalid_type"))]);
}

#[test]
fn optional_values_are_missing_or_valid() {
    for optional in ["dueDate", "discount", "payment", "labels", "contractId", "orderId", "sentAt", "note"] {
        expect(without(optional), &[]);
    }
    assert_eq!(parse::<Invoice>(without("discount"), Source::Json).unwrap().discount, 0);
    let null = "Invalid input: expected string, received null";
    expect(with(&[("/dueDate", Value::Null)]), &[("[\"dueDate\"]", "invalid_type", null)]);
}

#[test]
fn patch_distinguishes_absent_null_and_value() {
    let note = |note: Value| parse::<Invoice>(with(&[("/note", note)]), Source::Json).map(|read| read.note);
    assert_eq!(note(Value::Null), Ok(Patch::Null));
    assert_eq!(note(json!(" paid ")), Ok(Patch::Value("paid".to_owned())));
    assert_eq!(note(json!("")).unwrap_err().summary(), "Note is required");
    assert_eq!(note(json!(1)).unwrap_err().as_slice()[0].code, IssueCode::InvalidType);
}

#[test]
fn date_is_a_calendar_day() {
    for bad in [
        "2026-02-29",
        "2026-11-31",
        "20261122",
        "2026-1-2",
        "+002026-11-22",
        "2026-11-22T00:00:00Z",
        " 2026-11-22",
        "",
    ] {
        expect(
            with(&[("/issueDate", json!(bad))]),
            &[("[\"issueDate\"]", "invalid_format", "Invalid ISO date")],
        );
    }
    expect(with(&[("/issueDate", json!("2024-02-29"))]), &[]);
}

#[test]
fn time_has_the_form_of_rfc_3339() {
    for good in ["2026-11-22T04:23:11Z", "2026-11-22T04:23:11.123456789+05:30", "2026-11-22T04:23:11-08:00"] {
        expect(with(&[("/sentAt", json!(good))]), &[]);
    }
    for bad in [
        "2026-11-22T04:23Z",
        "2026-11-22 04:23:11Z",
        "2026-11-22T04:23:11",
        "2026-11-22T04:23:11.Z",
        "2026-11-22T25:00:00Z",
        "2026-11-22T04:23:11Z[UTC]",
        "2026-11-22T04:23:11+0530",
        "20261122T042311Z",
        "2026-11-22T04:23:1é",
    ] {
        expect(
            with(&[("/sentAt", json!(bad))]),
            &[("[\"sentAt\"]", "invalid_format", "Invalid ISO datetime")],
        );
    }
}

#[test]
fn uuid_has_the_hyphenated_form() {
    for bad in ["{019ab3c5-1f8b-7bbb-8000-5d60cdb1a4e6}", "019ab3c51f8b7bbb80005d60cdb1a4e6", "", "x"] {
        expect(with(&[("/orderId", json!(bad))]), &[("[\"orderId\"]", "invalid_format", "Invalid UUID")]);
    }
}

#[test]
fn at_most_100_issues_are_reported() {
    let items = |count: usize| Value::from(vec![json!({"sku": "A-01", "quantity": 0, "amount": 0}); count]);
    assert_eq!(reported(with(&[("/items", items(49))])).len(), 98);
    let reported = reported(with(&[("/items", items(9_000)), ("/note", json!(1))]));
    assert_eq!(reported.len(), 100);
    assert_eq!(reported[99].0, "[\"items\",49,\"amount\"]");
}

#[test]
fn long_keys_bound_the_number_of_issues() {
    type Nested = BTreeMap<String, BTreeMap<String, u8>>;
    let inner: Map<_, _> = (0..1_000).map(|key| (key.to_string(), json!(""))).collect();
    let outer = json!({ "k".repeat(40_000): inner });
    let issues = parse::<Nested>(outer, Source::Json).unwrap_err();
    assert_eq!(issues.as_slice().len(), 2);
}

#[test]
fn nested_mismatches_are_reported_at_their_path() {
    let bad = with(&[("/items", json!([])), ("/customer", json!([]))]);
    expect(
        bad,
        &[
            ("[\"customer\"]", "invalid_type", "Invalid input: expected object, received array"),
            ("[\"items\"]", "too_small", "Too small: expected array to have >=1 items"),
        ],
    );
}

#[test]
fn recursive_and_generic_types_are_read() {
    #[derive(Debug, Input)]
    struct Tree<T> {
        #[serde(rename = "value")]
        _value: T,
        #[serde(rename = "left")]
        _left: Option<Box<Tree<T>>>,
    }
    let tree = json!({"value": 1, "left": {"value": 2, "left": {"value": 300}}});
    let found = issues::<Tree<u8>>(tree, Source::Json);
    let words = "Too big: expected number to be <=255";
    assert_eq!(found, json!([{"path": ["left", "left", "value"], "code": "too_big", "message": words}]));
}

#[test]
fn custom_rule_runs_after_the_length() {
    #[derive(Debug, Input)]
    struct Article {
        #[serde(rename = "no")]
        #[validate(custom(function = "begins"), length(equal = 8))]
        _no: String,
    }
    fn begins(text: &str) -> Result<(), ValidationError> {
        // Panics for a text that is shorter.
        if text[..2] == *"A-" { Ok(()) } else { Err(ValidationError::new("custom")) }
    }
    for (no, codes) in [
        ("A-000001", vec![]),
        ("", vec!["too_small"]),
        ("A-0000012", vec!["too_big"]),
        ("B-000001", vec!["custom"]),
    ] {
        let found = issues::<Article>(json!({"no": no}), Source::Json);
        let found: Vec<_> =
            found.as_array().unwrap().iter().map(|issue| issue["code"].as_str().unwrap()).collect();
        assert_eq!(found, codes, "{no}");
    }
}

#[test]
fn time_is_in_range_of_rfc_3339() {
    for time in ["2026-11-22T04:23:11Z", "2026-11-22T04:23:11.5+23:59", "2026-11-22T04:23:59-00:00"] {
        assert!(parse::<jiff::Timestamp>(json!(time), Source::Json).is_ok(), "{time}");
    }
    for time in ["2026-11-22T04:23:60Z", "2026-11-22T04:23:11+24:00", "2026-11-22T04:23:11+25:59"] {
        assert_eq!(
            issues::<jiff::Timestamp>(json!(time), Source::Json)[0]["code"],
            "invalid_format",
            "{time}"
        );
    }
}

#[test]
fn custom_rule_never_sees_a_clamped_number() {
    #[derive(Debug, Input)]
    struct Pairs {
        #[serde(rename = "of")]
        #[validate(custom(function = "even"))]
        _of: u8,
    }
    fn even(number: &u8) -> Result<(), ValidationError> {
        number.is_multiple_of(2).then_some(()).ok_or_else(|| ValidationError::new("custom"))
    }
    let code = |number: i64| issues::<Pairs>(json!({ "of": number }), Source::Json)[0]["code"].clone();
    // The nearest number that the type holds is odd.
    assert_eq!((code(2), code(3), code(300)), (Value::Null, json!("custom"), json!("too_big")));
}
