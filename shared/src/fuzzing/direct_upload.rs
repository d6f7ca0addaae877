//! Descriptions of files that clients put into the bucket: accepted exactly if they satisfy the rules and the limits.

use serde_json::Value;

use super::expected::{PathAndCode, assert_issues, assert_safe_name};
use super::fixture::{MAX_FILE, events, json_of, limits, read};
use crate::config::uploads::{DEFAULT_TYPES, DirectUploadLimits};
use crate::domain::{self, FileDescription, FileName};
use crate::edge::error::Error;
use crate::edge::input::DirectUpload;

/// Other names of types, as the contract lists them.
const OTHER_NAMES: [(&str, &str); 4] = [
    ("image/jpeg", "image/jpg image/pjpeg"),
    ("image/png", "image/x-png image/apng"),
    ("application/pdf", "application/x-pdf"),
    ("text/csv", "application/csv text/x-csv text/comma-separated-values application/vnd.ms-excel"),
];

/// Input: a JSON body.
pub fn direct_upload(data: &[u8]) {
    let body = json_of(data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data));
    let limits = DirectUploadLimits { max_bytes: MAX_FILE as u64, allowed_types: limits().allowed_types };
    for event in events("application/json", data) {
        let read = read::<DirectUpload>(&limits, &event);
        let code = read.as_ref().map_or_else(|error| error.code().as_str(), |_| "ACCEPTED");
        assert_eq!(code, expected(body.as_ref()), "{body:?}");
        match (&body, read) {
            (Some(body), Ok(file)) => assert_as_described(&file, body),
            (Some(body), Err(Error::Domain(domain::Error::Invalid(told)))) => {
                assert_issues(&serde_json::to_value(told).unwrap_or_default(), &issues(body));
            }
            _ => {}
        }
    }
}

fn assert_as_described(file: &FileDescription, body: &Value) {
    let text = |field: &str| body[field].as_str().unwrap_or_default();
    assert_safe_name(file.name());
    assert_eq!(*file.name(), FileName::new(text("name")));
    assert_eq!(Some(file.content_type()), media_type(text("contentType")));
    assert_eq!(Ok(file.size()), size(&body["size"]));
    let digits = text("sha256");
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16);
    assert!(file.sha256().iter().zip(0..).all(|(sha256, index)| byte(index * 2) == Ok(*sha256)), "{digits}");
    assert_eq!(file.sha256_hex(), digits.to_lowercase());
}

/// Returns the expected code of the response.
fn expected(body: Option<&Value>) -> &'static str {
    let Some(body) = body else { return "INVALID_JSON" };
    let is_allowed = || body["contentType"].as_str().is_some_and(|text| media_type(text).is_some());
    let fits = || size(&body["size"]).is_ok_and(|size| size <= MAX_FILE as u64);
    match issues(body).is_empty() {
        false => "VALIDATION_ERROR",
        true if !is_allowed() => "UNSUPPORTED_MEDIA_TYPE",
        true if !fits() => "PAYLOAD_TOO_LARGE",
        true => "ACCEPTED",
    }
}

/// Returns the expected issues of a body.
fn issues(body: &Value) -> Vec<PathAndCode> {
    if !body.is_object() {
        return vec![(None, "invalid_type")];
    }
    let text = |field: &str| body[field].as_str().ok_or("invalid_type");
    let is_sha256 = |text: &str| text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
    let sha256 = text("sha256").and_then(|text| is_sha256(text).then_some(()).ok_or("invalid_format"));
    let fields = [
        ("name", text("name").err()),
        ("contentType", text("contentType").err()),
        ("size", size(&body["size"]).err()),
        ("sha256", sha256.err()),
    ];
    fields.into_iter().filter_map(|(field, code)| Some((Some(field), code?))).collect()
}

/// Returns the number of bytes, which JSON may write as `20.0`, or the code of the issue.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a whole number from 1 on, below 2^64"
)]
fn size(value: &Value) -> Result<u64, &'static str> {
    let number = value.as_f64().filter(|number| number.fract() == 0.0).ok_or("invalid_type")?;
    match value.as_u64() {
        Some(0) => Err("too_small"),
        Some(exact) => Ok(exact),
        None if number < 1.0 => Err("too_small"),
        None if number >= 2.0_f64.powi(64) => Err("too_big"),
        None => Ok(number as u64),
    }
}

/// Returns the allowed type that a declaration names.
fn media_type(declared: &str) -> Option<&'static str> {
    let name = declared.split(';').next()?.trim().to_ascii_lowercase();
    let other = OTHER_NAMES.iter().find(|(_, others)| others.split(' ').any(|other| other == name));
    DEFAULT_TYPES.split(',').find(|allowed| *allowed == other.map_or(&*name, |(meant, _)| meant))
}
