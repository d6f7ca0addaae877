//! Scalar inputs: strings, numbers, flags, ids and times.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;
use uuid::Uuid;

use super::{At, Input, number};

impl Input for String {
    fn read(value: Option<Value>, at: &mut At<'_>) -> Option<Self> {
        match value {
            Some(Value::String(text)) => Some(text),
            other => at.mismatch("string", other.as_ref()),
        }
    }
}

impl Input for bool {
    fn read(value: Option<Value>, at: &mut At<'_>) -> Option<Self> {
        number::boolean(value.as_ref(), at.source()).or_else(|| at.mismatch("boolean", value.as_ref()))
    }
}

impl Input for f64 {
    fn read(value: Option<Value>, at: &mut At<'_>) -> Option<Self> {
        number::float(value.as_ref(), at.source()).or_else(|| at.mismatch("number", value.as_ref()))
    }
}

/// Reads an integer, clamped to `min` and `max`.
fn whole(value: Option<&Value>, at: &mut At<'_>, min: i128, max: i128) -> Option<i128> {
    let number = number::integer(value, at.source()).or_else(|| at.mismatch("int", value))?;
    Some(at.clamped(number, min, max))
}

macro_rules! whole {
    ($($number:ty)*) => {$(
        impl Input for $number {
            fn read(value: Option<Value>, at: &mut At<'_>) -> Option<Self> {
                let number = whole(value.as_ref(), at, Self::MIN.into(), Self::MAX.into())?;
                Self::try_from(number).ok()
            }
        }
    )*};
}

whole! { i8 i16 i32 i64 u8 u16 u32 u64 }

impl Input for Uuid {
    fn read(value: Option<Value>, at: &mut At<'_>) -> Option<Self> {
        // The other forms that the crate accepts (braces, no hyphens) have other lengths.
        at.parsed(value, "Invalid UUID", |text| Self::try_parse(text).ok().filter(|_| text.len() == 36))
    }
}

/// A date such as `2026-11-22`.
impl Input for Date {
    fn read(value: Option<Value>, at: &mut At<'_>) -> Option<Self> {
        at.parsed(value, "Invalid ISO date", |text| {
            has_form(text, "0000-00-00").then(|| text.parse().ok()).flatten()
        })
    }
}

/// A time such as `2026-11-22T04:23:11.123Z`, or with an offset, to the nanosecond (RFC 3339).
impl Input for Timestamp {
    fn read(value: Option<Value>, at: &mut At<'_>) -> Option<Self> {
        at.parsed(value, "Invalid ISO datetime", |text| is_rfc3339(text).then(|| text.parse().ok()).flatten())
    }
}

/// Returns `true` if the text equals `form`, with any digit in place of a `0`. jiff's parser alone accepts more forms of
/// ISO 8601.
fn has_form(text: &str, form: &str) -> bool {
    let fits = |(found, expected): (u8, u8)| match expected {
        b'0' => found.is_ascii_digit(),
        other => found == other,
    };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
}

fn is_rfc3339(text: &str) -> bool {
    let Some((time, rest)) = text.split_at_checked(19) else { return false };
    let fraction = rest.strip_prefix('.').map(|rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    let zone = fraction.map_or(Some(rest), |digits| rest.get(1 + digits..));
    let is_below = |two: Option<&str>, limit: &str| two.is_some_and(|two| two < limit);
    has_form(time, "0000-00-00T00:00:00")
        // jiff would move a leap second.
        && is_below(time.get(17..), "60")
        && fraction.is_none_or(|digits| (1..=9).contains(&digits))
        && zone
            .is_some_and(|zone| {
                let has_hours = ["+00:00", "-00:00"].iter().any(|form| has_form(zone, form));
                zone == "Z" || has_hours && is_below(zone.get(1..3), "24")
            })
}
