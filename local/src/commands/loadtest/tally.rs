//! Counts and latencies of responses, by function and status.

use std::collections::BTreeMap;
use std::time::Duration;

/// Latencies of responses.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Latencies by function and status with its code, such as `409 CONFLICT`.
    responses: BTreeMap<(&'static str, String), Vec<Duration>>,
    /// Requests without a complete response.
    pub(super) no_response: usize,
}

/// Statistics of responses of one kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) function: &'static str,
    pub(super) status: String,
    pub(super) count: usize,
    pub(super) median: Duration,
    pub(super) p99: Duration,
    pub(super) longest: Duration,
}

impl Tally {
    /// Records a response.
    pub(super) fn record(&mut self, function: &'static str, status: String, latency: Duration) {
        self.responses.entry((function, status)).or_default().push(latency);
    }

    /// Adds the tally of another connection.
    pub(super) fn add(&mut self, other: Self) {
        self.no_response += other.no_response;
        for (kind, mut latencies) in other.responses {
            self.responses.entry(kind).or_default().append(&mut latencies);
        }
    }

    /// Counts all responses.
    pub(super) fn count(&self) -> usize {
        self.responses.values().map(Vec::len).sum()
    }

    /// Counts the responses with 5xx.
    pub(super) fn failures(&self) -> usize {
        let failures = self.responses.iter().filter(|((_, status), _)| status.starts_with('5'));
        failures.map(|(_, latencies)| latencies.len()).sum()
    }

    /// Returns one line for each kind of response, and one for all.
    pub(super) fn lines(&self) -> Vec<Line> {
        let kinds = self.responses.iter();
        let all = self.responses.values().flatten().copied().collect();
        kinds
            .map(|((function, status), latencies)| line(function, status.clone(), latencies.clone()))
            .chain([line("all", String::new(), all)])
            .collect()
    }
}

fn line(function: &'static str, status: String, mut latencies: Vec<Duration>) -> Line {
    latencies.sort_unstable();
    let percentile =
        |rank: usize| latencies.get((latencies.len() * rank).div_ceil(100).saturating_sub(1)).copied();
    let [median, p99, longest] = [50, 99, 100].map(|rank| percentile(rank).unwrap_or_default());
    Line { function, status, count: latencies.len(), median, p99, longest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_has_median_p99_and_maximum() {
        let mut tally = Tally::default();
        for milliseconds in (1..=200).rev() {
            tally.record("list-projects", "200".to_owned(), Duration::from_millis(milliseconds));
        }
        let lines = tally.lines();
        let [median, p99, longest] = [100, 198, 200].map(Duration::from_millis);
        let (function, status) = ("list-projects", "200".to_owned());
        assert_eq!(lines[0], Line { function, status, count: 200, median, p99, longest });
        assert_eq!((lines.len(), tally.count(), tally.failures()), (2, 200, 0));
    }

    #[test]
    fn empty_tally_has_a_line_of_zeros() {
        assert_eq!(Tally::default().lines()[0].longest, Duration::ZERO);
    }
}
