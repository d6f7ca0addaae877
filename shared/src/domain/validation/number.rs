//! Numbers and flags, from JSON values or from the text of query parameters.

use serde_json::Value;

use super::Source;

/// Reads an integer, clamped to the range of `i128`.
pub(super) fn integer(value: Option<&Value>, source: Source) -> Option<i128> {
    match (value?, source) {
        (Value::Number(number), _) => whole(number),
        (Value::String(text), Source::Text) => digits(text),
        _ => None,
    }
}

/// Reads an integer, which JSON may write as `20.0`.
fn whole(number: &serde_json::Number) -> Option<i128> {
    let exact = number.as_i128();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float cast saturates, which is what clamping means"
    )]
    let clamped = || number.as_f64().filter(|float| float.fract() == 0.0).map(|float| float as i128);
    exact.or_else(clamped)
}

fn digits(text: &str) -> Option<i128> {
    let (sign, figures) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let plain = !figures.is_empty() && figures.bytes().all(|byte| byte.is_ascii_digit());
    // With digits only, the one possible error is overflow.
    plain.then(|| sign * figures.parse::<i128>().unwrap_or(i128::MAX))
}

pub(super) fn float(value: Option<&Value>, source: Source) -> Option<f64> {
    match (value?, source) {
        (Value::Number(number), _) => number.as_f64(),
        (Value::String(text), Source::Text) => text.parse().ok().filter(|float: &f64| float.is_finite()),
        _ => None,
    }
}

pub(super) fn boolean(value: Option<&Value>, source: Source) -> Option<bool> {
    match (value?, source) {
        (Value::Bool(flag), _) => Some(*flag),
        (Value::String(text), Source::Text) => text.parse().ok(),
        _ => None,
    }
}
