//! Clock of the process. Everything else takes the time as an argument.

use std::time::Instant;

use jiff::Timestamp;

/// Returns the current time, truncated to the millisecond. Responses have no finer times, so stored times equal them.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// Returns a reading of the monotonic clock, for durations only.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn monotonic() -> Instant {
    Instant::now()
}
