//! Times as text: RFC 3339 in UTC with milliseconds, as in `2026-11-22T04:23:11.123Z`.

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use serde::Serializer;

/// Printer of times, which does without the detours of `{:.3}`.
const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// Formats a time, truncated to the millisecond.
///
/// ```
/// use jiff::Timestamp;
/// use shared::domain::time::format_millis;
///
/// assert_eq!(format_millis(Timestamp::UNIX_EPOCH), "1970-01-01T00:00:00.000Z");
/// ```
#[must_use]
pub fn format_millis(time: Timestamp) -> String {
    // A precision alone would round, perhaps to a time in the future.
    let whole = Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time);
    PRINTER.timestamp_to_string(&whole)
}

/// Serializes a time with [`format_millis`], for `#[serde(serialize_with)]`.
///
/// ```
/// use jiff::Timestamp;
/// use serde::Serialize;
/// use shared::domain::time::serialize_millis;
///
/// #[derive(Serialize)]
/// struct Note {
///     #[serde(serialize_with = "serialize_millis")]
///     created_at: Timestamp,
/// }
/// ```
///
/// # Errors
///
/// Those of the serializer.
pub fn serialize_millis<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format_millis(*time))
}

/// Returns the milliseconds since the Unix epoch; 0 for times before it.
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
