//! When calls were under way, and how many of them had to wait for each other. What must stay out: what they were about.

use std::time::Duration;

use super::call::Call;

/// A call that was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct CallTiming {
    /// The call.
    pub call: Call,
    /// When it arrived, since the tap was made.
    pub began: Duration,
    /// When its answer was there.
    pub ended: Duration,
    /// The status of its answer.
    pub status: u16,
    /// DynamoDB's units, where [`RecordingProxy::request_capacity`](super::RecordingProxy::request_capacity) made calls ask and the answer tells.
    pub capacity: Option<f64>,
}

/// How many round trips came one after the other: the most of these calls of which no two were under way together.
#[must_use]
pub fn sequential(spans: &[CallTiming]) -> usize {
    let mut spans: Vec<_> = spans.iter().collect();
    spans.sort_by_key(|span| span.ended);
    let mut last = None;
    // Taking always the one that ends first of those that began after the last one gives the most.
    spans
        .iter()
        .filter(|span| {
            let follows = last.is_none_or(|last| span.began >= last);
            if follows {
                last = Some(span.ended);
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

    fn span(began: u64, ended: u64) -> CallTiming {
        let call = Call { service: Service::DynamoDb, operation: String::new(), target: String::new() };
        let [began, ended] = [began, ended].map(Duration::from_millis);
        CallTiming { call, began, ended, status: 200, capacity: None }
    }

    #[test]
    fn calls_that_overlap_in_time_count_once() {
        assert_eq!(sequential(&[]), 0);
        assert_eq!(sequential(&[span(0, 10), span(1, 9)]), 1);
        assert_eq!(sequential(&[span(0, 10), span(10, 20)]), 2);
        // A long call beside two short ones that follow each other.
        assert_eq!(sequential(&[span(0, 30), span(1, 10), span(11, 20)]), 2);
    }
}
