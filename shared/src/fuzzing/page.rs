//! Queries of lists: accepted exactly if they satisfy the rules.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::expected::{PathAndCode, assert_issues};
use super::fixture::read;
use crate::domain::{self, PageRequest};
use crate::edge::error::Error;
use crate::edge::input::Query;

/// Input: a query, without its `?`.
pub fn page(data: &[u8]) {
    let query = String::from_utf8_lossy(data);
    let values = |hint: &str| {
        let pairs = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == hint);
        pairs.map(|(_, value)| value.into_owned()).collect::<Vec<_>>()
    };
    let (limit, cursor) = (values("limit"), values("cursor"));
    let expected: Vec<PathAndCode> = [("limit", limit_code(&limit)), ("cursor", cursor_code(&cursor))]
        .into_iter()
        .filter_map(|(field, code)| Some((Some(field), code?)))
        .collect();
    match read::<Query<PageRequest>>(&(), &json!({ "rawQueryString": query })) {
        Ok(page) => {
            assert_eq!(expected, []);
            let limit = limit.first().map_or("20", |limit| limit.trim_start_matches('0'));
            assert_eq!(page.limit().to_string(), limit);
        }
        Err(Error::Domain(domain::Error::Invalid(issues))) => {
            assert_issues(&serde_json::to_value(issues).unwrap_or(Value::Null), &expected);
        }
        Err(error) => assert_eq!(error.to_string(), "", "only rules can be broken"),
    }
}

/// Returns the code of the issue with the values of `limit`, which may occur once.
fn limit_code(values: &[String]) -> Option<&'static str> {
    let [value] = values else { return (!values.is_empty()).then_some("invalid_type") };
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return Some("invalid_type");
    }
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() || value.starts_with('-') {
        return Some("too_small");
    }
    (digits.len() > 3 || digits.len() == 3 && digits != "100").then_some("too_big")
}

/// Returns the code of the issue with the values of `cursor`, which may occur once: base64url (RFC 4648, section 5) of more
/// than 8 bytes, with text after the eighth.
fn cursor_code(values: &[String]) -> Option<&'static str> {
    let [value] = values else { return (!values.is_empty()).then_some("invalid_type") };
    let bytes = URL_SAFE_NO_PAD.decode(value).unwrap_or_default();
    let is_cursor = bytes.len() > 8 && std::str::from_utf8(&bytes[8..]).is_ok();
    (!is_cursor).then_some("invalid_format")
}
