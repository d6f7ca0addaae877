//! Variables and clocks of the process.

use std::time::Instant;

use jiff::Timestamp;
use lambda_runtime::Error;

/// Returns a variable, unless it is empty.
#[expect(clippy::disallowed_methods, reason = "this reads the settings")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// Returns a variable.
///
/// # Errors
/// It is missing.
pub(crate) fn required(name: &str) -> Result<String, Error> {
    variable(name).ok_or_else(|| format!("{name} is missing").into())
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub(crate) fn monotonic() -> Instant {
    Instant::now()
}

/// Returns the milliseconds since an earlier reading of the clock.
pub(crate) fn milliseconds_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1000.0
}
