//! Requests by a schedule that does not depend on the responses.

use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use local::clock::Stopwatch;

use crate::environment::Environment;

/// Schedule of requests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// Requests per second.
    pub(super) name: &'static str,
    pub(super) interval: Duration,
    pub(super) requests: usize,
}

/// Times of one request.
#[derive(Debug)]
pub(super) struct Timing {
    /// Time from when it was due until the response.
    pub(super) time: Duration,
    /// Time that the environment was busy.
    pub(super) busy: Duration,
}

/// Sends events, each with the status of its success, when they are due, the first one after `offset`. If the environment
/// is still busy then, the event waits. Lambda would start another environment.
///
/// # Errors
/// A response is missing or has another status.
pub(super) async fn paced(
    environment: &mut Environment,
    pace: Pace,
    offset: Duration,
    events: Vec<(Bytes, u64)>,
) -> Result<Vec<Timing>> {
    let (watch, mut timings, mut due) = (Stopwatch::start(), Vec::new(), offset);
    for (event, status) in events {
        let waited = wait(watch, due).await;
        let response = environment.invoke(event).await?.checked(status)?;
        timings.push(Timing { time: waited + response.took, busy: response.busy });
        due += pace.interval;
    }
    Ok(timings)
}

/// Waits for this time. Returns how long ago it was, which is zero if it is yet to come: what a timer is late by is none of
/// the environment's time.
async fn wait(watch: Stopwatch, due: Duration) -> Duration {
    let now = watch.elapsed();
    tokio::time::sleep(due.saturating_sub(now)).await;
    now.saturating_sub(due)
}

#[cfg(test)]
mod tests {
    use super::wait;
    use local::clock::Stopwatch;
    use std::time::Duration;

    #[tokio::test]
    async fn only_missed_schedules_count_as_wait() {
        let watch = Stopwatch::start();
        assert_eq!(wait(watch, Duration::from_millis(5)).await, Duration::ZERO);
        assert!(watch.elapsed() >= Duration::from_millis(5));
        assert!(wait(watch, Duration::ZERO).await >= Duration::from_millis(5));
    }
}
