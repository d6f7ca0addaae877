//! The only place that reads the clock. Everything else takes the time as an argument.

use std::time::Instant;

use jiff::Timestamp;

/// The current time.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// A reading of the monotonic clock, for durations only.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn monotonic() -> Instant {
    Instant::now()
}
