//! Errors for unsupported types and attributes, and serialized names.

use syn::{DeriveInput, parse_str};

use crate::case::Case;
use crate::expand;

fn error(code: &str) -> String {
    let input: DeriveInput = parse_str(code).unwrap();
    expand::input(&input).err().map_or_else(String::new, |error| error.to_string())
}

#[test]
fn unsupported_attribute_is_named() {
    for (code, named) in [
        ("struct A { #[validate(must_match(other = \"b\"))] a: String }", "`must_match`"),
        ("struct A { #[validate(nested)] a: B }", "`nested`"),
        ("struct A { #[validate(length(least = 1))] a: String }", "`least`"),
        ("struct A { #[serde(alias = \"b\")] a: String }", "`alias`"),
        ("struct A { #[serde(flatten)] a: B }", "`flatten`"),
        ("struct A { #[input(trimmed)] a: String }", "`trimmed`"),
        ("#[serde(deny_unknown_fields)] struct A { a: String }", "`deny_unknown_fields`"),
        ("#[validate(schema(function = \"f\"))] struct A { a: String }", "`schema`"),
        ("#[serde(rename_all = \"Camel\")] struct A { a: String }", "`Camel`"),
        ("#[serde(tag = \"type\", content = \"data\")] enum A { B { c: u8 } }", "`content`"),
        ("enum A { #[serde(other)] B }", "`other`"),
        ("#[input(rule(function = \"f\", fields(b)))] struct A { a: String }", "`b`"),
        ("#[input(rule(function = \"f\", fields(a), path = a))] struct A { a: String }", "`path`"),
        ("#[input(rule(fields(a)))] struct A { a: String }", "`function"),
        ("#[input(rule(function = \"f\", fields(a)))] enum A { B }", "named fields"),
        ("struct A { #[validate(custom)] a: String }", "`function"),
        ("struct A(#[serde(rename = \"b\")] String);", "unnamed"),
        ("struct A(u8, u8);", "`A`"),
        ("struct A;", "`A`"),
        ("struct A { a: u8, #[serde(rename = \"a\")] b: u8 }", "called `a`"),
        ("enum A { #[serde(rename = \"C\")] B, C }", "called `C`"),
        ("struct A { #[validate(length(min = 1), length(max = 2))] a: String }", "one `length`"),
        ("#[serde(tag = \"type\")] struct A { a: u8 }", "tag"),
        ("#[serde(rename_all_fields = \"camelCase\")] enum A { B }", "rename"),
        ("#[serde(rename_all = \"camelCase\")] struct A(u8);", "rename"),
        ("#[input(from_str = \"no\")] struct A(#[validate(email)] String);", "`from_str`"),
        ("#[input(from_str = \"no\")] #[serde(rename_all = \"camelCase\")] enum A { B }", "`from_str`"),
        ("union A { a: u8 }", "`A`"),
        ("enum A { B { c: u8 } }", "tag"),
    ] {
        assert!(error(code).contains(named), "{code}: {}", error(code));
    }
}

#[test]
fn serialization_attributes_are_ignored() {
    let code =
        "#[derive(Serialize)] struct A { #[serde(skip_serializing_if = \"Option::is_none\")] a: Option<u8> }";
    assert_eq!(error(code), "");
}

#[test]
fn names_are_cased_like_serde() {
    for (case, field, variant) in [
        ("lowercase", "due_date", "bankcard"),
        ("UPPERCASE", "DUE_DATE", "BANKCARD"),
        ("PascalCase", "DueDate", "BankCard"),
        ("camelCase", "dueDate", "bankCard"),
        ("snake_case", "due_date", "bank_card"),
        ("SCREAMING_SNAKE_CASE", "DUE_DATE", "BANK_CARD"),
        ("kebab-case", "due-date", "bank-card"),
        ("SCREAMING-KEBAB-CASE", "DUE-DATE", "BANK-CARD"),
    ] {
        let case = Case::parse(&syn::LitStr::new(case, proc_macro2::Span::call_site())).unwrap();
        assert_eq!((case.field("due_date").as_str(), case.variant("BankCard").as_str()), (field, variant));
    }
}
