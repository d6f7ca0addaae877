//! Metrics in a log line, by `CloudWatch`'s embedded metric format.

use std::sync::Mutex;

use super::object::{List, Object};
use crate::clock;

/// Counts from outside of an invocation, for the next line.
pub(super) static PENDING: Mutex<Counts> = Mutex::new(Counts([0; METRICS.len()]));

/// Occurrence that is counted where it happens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Metric {
    /// An attempt of a call was throttled.
    ThrottledCalls,
    /// A request passed without being counted.
    Uncounted,
    /// The table of counters failed.
    CounterFailures,
    /// The issuer's keys could not be fetched.
    IssuerFailures,
    /// A row can't be read.
    UnreadableRows,
}

const METRICS: [Metric; 5] = [
    Metric::ThrottledCalls,
    Metric::Uncounted,
    Metric::CounterFailures,
    Metric::IssuerFailures,
    Metric::UnreadableRows,
];

/// Number of occurrences of each metric.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts([u64; METRICS.len()]);

impl Metric {
    fn name(self) -> &'static str {
        match self {
            Self::ThrottledCalls => "throttled_calls",
            Self::Uncounted => "uncounted",
            Self::CounterFailures => "counter_failures",
            Self::IssuerFailures => "issuer_failures",
            Self::UnreadableRows => "unreadable_rows",
        }
    }
}

impl Counts {
    pub(super) fn increment(&mut self, metric: Metric) {
        self.0[metric as usize] += 1;
    }

    pub(super) fn add(&mut self, other: Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }

    /// Returns the names and numbers of what occurred.
    pub(super) fn occurred(self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = METRICS.into_iter().zip(self.0);
        counts.filter(|(_, count)| *count > 0).map(|(metric, count)| (metric.name(), count))
    }
}

/// Returns the member `_aws`, which makes metrics of these members of the line. Each set of dimensions is a metric of its
/// own.
pub(super) fn embedded(service: &str, dimensions: &str, names: &[&str]) -> Object {
    let metrics: Vec<_> = names.iter().map(|name| member("Name", name)).collect();
    let mut directive = member("Namespace", service);
    directive.raw("Dimensions", &dimensions);
    directive.raw("Metrics", &List(&metrics));
    let mut embedded = Object::new();
    embedded.raw("Timestamp", &clock::now().as_millisecond());
    embedded.raw("CloudWatchMetrics", &List(&[directive]));
    embedded
}

fn member(name: &str, value: &str) -> Object {
    let mut object = Object::new();
    object.text(name, value);
    object
}
