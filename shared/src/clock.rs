//! The only place that reads the clock. Everything else takes the time as an argument.

use std::time::Instant;

use jiff::Timestamp;

/// Returns the current time, truncated to the millisecond: what is stored is what was answered.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// A reading of the monotonic clock, for durations only.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn monotonic() -> Instant {
    Instant::now()
}
