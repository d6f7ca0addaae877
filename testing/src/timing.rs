//! Times of calls, and the number of sequential round trips.

use std::time::Duration;

use super::call::Call;

/// Time and cost of a call that has a response.
#[derive(Debug, Clone, PartialEq)]
pub struct CallTiming {
    /// The call.
    pub call: Call,
    /// Time of its arrival, since the proxy's creation.
    pub began: Duration,
    /// Time of its response, since the proxy's creation.
    pub ended: Duration,
    /// HTTP status.
    pub status: u16,
    /// DynamoDB's capacity units, after [`RecordingProxy::request_capacity`](super::RecordingProxy::request_capacity) and
    /// if the response contains them.
    pub capacity: Option<f64>,
}

/// Counts the sequential round trips: the largest number of these calls of which no two overlap.
#[must_use]
pub fn sequential(calls: &[CallTiming]) -> usize {
    let mut calls: Vec<_> = calls.iter().collect();
    calls.sort_by_key(|call| call.ended);
    let mut last = None;
    // Interval scheduling: the earliest end among the calls that follow is always optimal.
    calls
        .iter()
        .filter(|call| {
            let follows = last.is_none_or(|last| call.began >= last);
            if follows {
                last = Some(call.ended);
            }
            follows
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::{Call, CallTiming, sequential};
    use local::emulators::Service;
    use std::time::Duration;

    fn timing(began: u64, ended: u64) -> CallTiming {
        let call = Call { service: Service::DynamoDb, operation: String::new(), target: String::new() };
        let [began, ended] = [began, ended].map(Duration::from_millis);
        CallTiming { call, began, ended, status: 200, capacity: None }
    }

    #[test]
    fn overlapping_calls_count_once() {
        assert_eq!(sequential(&[]), 0);
        assert_eq!(sequential(&[timing(0, 10), timing(1, 9)]), 1);
        assert_eq!(sequential(&[timing(0, 10), timing(10, 20)]), 2);
        // A long call beside two short ones that follow each other.
        assert_eq!(sequential(&[timing(0, 30), timing(1, 10), timing(11, 20)]), 2);
    }
}
