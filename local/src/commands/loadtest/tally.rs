//! How many answers of which kind, and how long they took. What must stay out: whether they were right.

use std::collections::BTreeMap;
use std::time::Duration;

/// The answers of some requests.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// How long each took, by function and status with its code, such as `409 CONFLICT`.
    responses: BTreeMap<(&'static str, String), Vec<Duration>>,
    /// Requests that got no answer, or half of one.
    pub(super) unanswered: usize,
}

/// All answers of one kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) function: &'static str,
    pub(super) status: String,
    pub(super) count: usize,
    pub(super) median: Duration,
    /// 99 of 100 were faster.
    pub(super) p99: Duration,
    pub(super) longest: Duration,
}

impl Tally {
    /// Notes an answer.
    pub(super) fn note(&mut self, function: &'static str, status: String, took: Duration) {
        self.responses.entry((function, status)).or_default().push(took);
    }

    /// Adds what another connection saw.
    pub(super) fn add(&mut self, other: Self) {
        self.unanswered += other.unanswered;
        for (kind, mut times) in other.responses {
            self.responses.entry(kind).or_default().append(&mut times);
        }
    }

    /// All answers.
    pub(super) fn count(&self) -> usize {
        self.responses.values().map(Vec::len).sum()
    }

    /// Answers that are failures of the service.
    pub(super) fn failures(&self) -> usize {
        let failures = self.responses.iter().filter(|((_, status), _)| status.starts_with('5'));
        failures.map(|(_, times)| times.len()).sum()
    }

    /// One line for each kind of answer, and one for all.
    pub(super) fn lines(&self) -> Vec<Line> {
        let kinds = self.responses.iter();
        let all = self.responses.values().flatten().copied().collect();
        kinds
            .map(|((function, status), times)| line(function, status.clone(), times.clone()))
            .chain([line("all", String::new(), all)])
            .collect()
    }
}

fn line(function: &'static str, status: String, mut times: Vec<Duration>) -> Line {
    times.sort_unstable();
    let at = |percent: usize| times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied();
    let [median, p99, longest] = [50, 99, 100].map(|percent| at(percent).unwrap_or_default());
    Line { function, status, count: times.len(), median, p99, longest }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_the_middle_the_tail_and_the_worst() {
        let mut tally = Tally::default();
        for milliseconds in (1..=200).rev() {
            tally.note("list-projects", "200".to_owned(), Duration::from_millis(milliseconds));
        }
        let lines = tally.lines();
        let [median, p99, longest] = [100, 198, 200].map(Duration::from_millis);
        let (function, status) = ("list-projects", "200".to_owned());
        assert_eq!(lines[0], Line { function, status, count: 200, median, p99, longest });
        assert_eq!((lines.len(), tally.count(), tally.failures()), (2, 200, 0));
    }

    #[test]
    fn nothing_at_all_can_be_told_too() {
        assert_eq!(Tally::default().lines()[0].longest, Duration::ZERO);
    }
}
