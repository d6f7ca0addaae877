//! Cost of an invocation on Lambda.

use std::time::Duration;

use crate::cold::{count, milliseconds};

/// Price of a GB-second in us-east-1, in US dollars, on 26 November 2026. Arm costs a fifth less.
/// <https://aws.amazon.com/lambda/pricing/>
const GIGABYTE_SECOND: f64 = if cfg!(target_arch = "aarch64") { 0.000_013_333_4 } else { 0.000_016_666_7 };
/// Price of a million invocations, whatever they take.
const MILLION: f64 = 0.20;

/// Returns the billed milliseconds of an invocation. Since August 2025, that of a cold start includes init.
pub(super) fn billed(time: Duration) -> f64 {
    milliseconds(time).ceil()
}

/// Returns the price of a million invocations with so many MB of memory and, on average, billed milliseconds.
pub(super) fn dollars(memory: usize, milliseconds: f64) -> f64 {
    MILLION + 1e6 * GIGABYTE_SECOND * count(memory) / 1024.0 * milliseconds / 1000.0
}

#[cfg(test)]
mod tests {
    use super::{GIGABYTE_SECOND, billed, dollars};
    use std::time::Duration;

    #[test]
    fn begun_milliseconds_are_billed() {
        let billed = [1, 1_000, 1_001].map(|it| format!("{}", billed(Duration::from_micros(it))));
        assert_eq!(billed, ["1", "1", "2"]);
    }

    #[test]
    fn cost_is_memory_times_time() {
        let second = (dollars(1024, 1000.0) - 0.20) / 1e6;
        assert!((second - GIGABYTE_SECOND).abs() < 1e-12, "{second}");
        assert!((dollars(512, 2.0) - dollars(256, 4.0)).abs() < 1e-9);
    }
}
