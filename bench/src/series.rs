//! Samples by measure and target, and their summaries.

use serde::Serialize;

/// Unit of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Unit {
    #[serde(rename = "ms")]
    Milliseconds,
    #[serde(rename = "KiB")]
    Kibibytes,
    #[serde(rename = "count")]
    Count,
    #[serde(rename = "million instructions")]
    MegaInstructions,
    #[serde(rename = "capacity units")]
    CapacityUnits,
    #[serde(rename = "times")]
    Times,
    #[serde(rename = "US$")]
    Dollars,
}

/// Samples of one measure of one target.
#[derive(Debug, Serialize)]
pub(crate) struct Series {
    pub(crate) measure: String,
    pub(crate) unit: Unit,
    /// Executable or case that was measured.
    pub(crate) target: String,
    #[serde(flatten)]
    pub(crate) summary: Summary,
    #[serde(skip)]
    pub(crate) samples: Vec<f64>,
}

/// Extremes and percentiles of samples.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Summary {
    pub(crate) samples: usize,
    pub(crate) min: f64,
    pub(crate) p5: f64,
    pub(crate) median: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

/// All series, in the order of their first samples.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    series: Vec<Series>,
}

impl Unit {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Milliseconds => "ms",
            Self::Kibibytes => "KiB",
            Self::Count => "count",
            Self::MegaInstructions => "million instructions",
            Self::CapacityUnits => "capacity units",
            Self::Times => "times",
            Self::Dollars => "US$",
        }
    }
}

impl Samples {
    /// Adds a sample.
    pub(crate) fn note(&mut self, measure: &str, unit: Unit, target: &str, sample: f64) {
        let known = self.series.iter_mut().find(|it| it.measure == measure && it.target == target);
        if let Some(series) = known {
            series.samples.push(sample);
            return;
        }
        let (measure, target) = (measure.to_owned(), target.to_owned());
        self.series.push(Series {
            measure,
            unit,
            target,
            summary: Summary::default(),
            samples: vec![sample],
        });
    }

    /// Returns the series with their summaries, grouped by measure.
    pub(crate) fn finish(mut self) -> Vec<Series> {
        let mut measures = Vec::new();
        for series in &self.series {
            if !measures.contains(&series.measure) {
                measures.push(series.measure.clone());
            }
        }
        self.series.sort_by_key(|series| measures.iter().position(|measure| *measure == series.measure));
        for series in &mut self.series {
            series.samples.sort_by(f64::total_cmp);
            series.summary = Summary::of(&series.samples);
        }
        self.series
    }
}

impl Summary {
    /// Summarizes samples in ascending order.
    fn of(sorted: &[f64]) -> Self {
        let [min, p5, median, p95, p99, max] =
            [0, 5, 50, 95, 99, 100].map(|percent| percentile(sorted, percent));
        Self { samples: sorted.len(), min, p5, median, p95, p99, max }
    }
}

/// Returns the nearest-rank percentile, which is always a sample.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted.get(rank(sorted.len(), percent)).copied().unwrap_or_default()
}

fn rank(samples: usize, percent: usize) -> usize {
    (samples * percent).div_ceil(100).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::{Samples, Unit, rank};

    #[test]
    fn percentiles_are_samples() {
        assert_eq!([0, 5, 50, 99, 100].map(|percent| rank(100, percent)), [0, 4, 49, 98, 99]);
        assert_eq!([0, 50, 100].map(|percent| rank(3, percent)), [0, 1, 2]);
        assert_eq!([0, 50, 100].map(|percent| rank(1, percent)), [0, 0, 0]);
    }

    #[test]
    fn series_are_grouped_by_measure() {
        let mut samples = Samples::default();
        for (measure, target, sample) in [("b", "x", 3.0), ("a", "x", 1.0), ("b", "y", 9.0), ("b", "x", 1.0)]
        {
            samples.note(measure, Unit::Count, target, sample);
        }
        let found = samples.finish();
        let found: Vec<_> = found.iter().map(|it| (&*it.measure, &*it.target, it.summary.max)).collect();
        assert_eq!(found, [("b", "x", 3.0), ("b", "y", 9.0), ("a", "x", 1.0)]);
    }
}
