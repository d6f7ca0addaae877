//! How times are written: RFC 3339 in UTC with milliseconds, as in `2026-11-22T04:23:11.123Z`.

use jiff::Timestamp;
use serde::Serializer;

/// The text of a time, truncated to the millisecond.
#[must_use]
pub fn format_millis(time: Timestamp) -> String {
    // Printing with a precision would round, and so could name a millisecond that has not come yet.
    let whole = Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time);
    format!("{whole:.3}")
}

/// For `#[serde(serialize_with)]`.
///
/// # Errors
///
/// Those of the serializer.
pub fn serialize_millis<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format_millis(*time))
}

/// Milliseconds since the Unix epoch; 0 for times before it.
#[must_use]
pub fn epoch_millis(time: Timestamp) -> u64 {
    u64::try_from(time.as_millisecond()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_exactly_three_decimals() {
        for (nanos, text) in [
            (0, "2023-11-14T22:13:20.000Z"),
            (123_000_000, "2023-11-14T22:13:20.123Z"),
            (999_999_999, "2023-11-14T22:13:20.999Z"),
        ] {
            assert_eq!(format_millis(Timestamp::new(1_700_000_000, nanos).unwrap()), text);
        }
    }
}
