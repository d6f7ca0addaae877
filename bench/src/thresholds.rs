//! Thresholds of the functions: ratios within one run.

use std::fmt::{Display, Formatter, Result};

use crate::growth::{GROWTH, WRITES};
use crate::lambda::{self, SIZES};
use crate::series::{Series, Unit};
use crate::target::{CREATE, LARGE, LIST, UPLOAD};

/// Targets that the functions are compared with.
const NOOP: &str = "noop";
const DEFAULTS: &str = "defaults";
const NODE: &str = "node";
const REFERENCE: &str = "reference";

const INIT: &str = "init: from spawn to the first /next";
const MEMORY: &str = "peak memory after 20 requests";

/// Thresholds whose measures these series contain.
pub(crate) struct Thresholds<'s>(pub(crate) &'s [Series]);

/// Upper limit of a measurement.
#[derive(Debug)]
struct Threshold {
    name: String,
    most: f64,
    measured: f64,
    unit: &'static str,
}

impl Display for Thresholds<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        let thresholds = self.all();
        if !thresholds.is_empty() {
            writeln!(formatter, "\n{:<78}{:>10}{:>10}", "thresholds", "at most", "measured")?;
        }
        for Threshold { name, most, measured, unit } in thresholds {
            let result = if measured <= most { "met" } else { "MISSED" };
            writeln!(formatter, "  {:<76}{most:>10.3}{measured:>10.3} {result}", format!("{name} ({unit})"))?;
        }
        Ok(())
    }
}

impl Thresholds<'_> {
    fn all(&self) -> Vec<Threshold> {
        let one = [(LIST, 6.5), (CREATE, 7.0), (UPLOAD, 10.0)];
        let each = one.into_iter().flat_map(|(function, size)| self.of(function, size));
        let each = each.chain(self.of_uploads()).chain(self.of_baselines());
        let starts = SIZES.into_iter().filter_map(|memory| self.of_starts(memory));
        each.chain(starts).chain(self.of_growth()).chain(self.of_limiter()).collect()
    }

    /// Returns the thresholds of a function, whose size is in MB.
    fn of(&self, function: &str, size: f64) -> Vec<Threshold> {
        let noop_twice = self.median(MEMORY, NOOP).map(|noop| noop.mul_add(2.0, 2048.0));
        let kind =
            if function == UPLOAD { "upload 1 KiB" } else { function.split('-').next().unwrap_or_default() };
        let warm = self.median(&format!("warm {kind}, TLS: time"), function);
        let first = self.median("first request, TLS", function).zip(warm).map(|(first, warm)| first - warm);
        // From the function that sets up only one connection, because two compete for the CPU.
        let set_up = self.median("setting up a connection, TLS", CREATE);
        let megabytes = self.median("size", function).map(|kib| kib * 1024.0 / 1e6);
        [
            threshold(format!("size of {function}"), Some(size), megabytes, "MB"),
            threshold(format!("peak memory of {function}"), noop_twice, self.median(MEMORY, function), "KiB"),
            threshold(
                format!("first request of {function} beyond a warm one, TLS: one connection"),
                set_up,
                first,
                "ms",
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn of_uploads(&self) -> Option<Threshold> {
        let added = self.median("peak memory that the first upload of 4 MiB adds", UPLOAD);
        let times = added.map(|kib| kib * 1024.0 / crate::cold::count(LARGE));
        threshold("memory that a large upload adds".to_owned(), Some(4.0), times, "of its size")
    }

    /// Returns the threshold of a list's start with so much memory. Its set-up of a connection is among the shortest of the
    /// function that opens only one, with a whole core: neither a quota nor the warm-up stretches it.
    fn of_starts(&self, memory: usize) -> Option<Threshold> {
        let start = |target| self.median(lambda::START, &lambda::case(target, memory));
        let core = SIZES.into_iter().max()?;
        let set_up = self.find(lambda::SET_UP, &lambda::case(CREATE, core))?.summary.p5;
        let parts = start(NOOP)? + set_up + self.median(lambda::DISTANCE, "all")?;
        let name =
            format!("start to first response of {LIST}, {memory} MB: noop's, a connection and a round trip");
        threshold(name, Some(1.6), start(LIST).map(|list| list / parts), "of their sum")
    }

    fn of_baselines(&self) -> impl Iterator<Item = Threshold> {
        let cpu = "warm list, TLS: CPU time";
        let of = |name: &str, most, measured, unit| threshold(name.to_owned(), Some(most), measured, unit);
        [
            of("init of list-projects, beside Node.js", 1.0 / 50.0, self.ratio(INIT, LIST, NODE), "of its"),
            of(
                "CPU of a warm list, beside the SDK's defaults",
                1.0,
                self.ratio(cpu, LIST, DEFAULTS),
                "of its",
            ),
            of("CPU of a warm list, beside Node.js", 0.25, self.ratio(cpu, LIST, NODE), "of its"),
            of("CPU of a warm list, beside the reference", 1.5, self.ratio(cpu, LIST, REFERENCE), "of its"),
            of(
                "instructions of a warm list, beside the reference",
                1.5,
                self.ratio("warm list: instructions", LIST, REFERENCE),
                "of its",
            ),
        ]
        .into_iter()
        .flatten()
    }

    /// Returns a threshold for each measure of growth but times, most of which are the emulators'.
    fn of_growth(&self) -> impl Iterator<Item = Threshold> {
        let sizes = self.0.chunk_by(|one, other| one.measure == other.measure);
        let flat = sizes.filter_map(|sizes| {
            let name = sizes.first()?.measure.strip_prefix(GROWTH)?;
            let growth = if name.ends_with(": time") { None } else { growth(sizes) };
            threshold(name.to_owned(), Some(1.1), growth, "of that of a smaller size")
        });
        flat.collect::<Vec<_>>().into_iter()
    }

    fn of_limiter(&self) -> impl Iterator<Item = Threshold> {
        let most = self.0.iter().filter(|series| series.measure == WRITES);
        let most = most.map(|series| series.summary.median).max_by(f64::total_cmp);
        threshold(WRITES.to_owned(), Some(2.0), most, "units").into_iter()
    }

    fn ratio(&self, measure: &str, one: &str, other: &str) -> Option<f64> {
        let (one, other) = self.median(measure, one).zip(self.median(measure, other))?;
        (other > 0.0).then(|| one / other)
    }

    fn median(&self, measure: &str, target: &str) -> Option<f64> {
        self.find(measure, target).map(|series| series.summary.median)
    }

    fn find(&self, measure: &str, target: &str) -> Option<&Series> {
        self.0.iter().find(|it| it.measure == measure && it.target == target)
    }
}

/// Returns the largest ratio of a size's costs to those of a smaller one. CPU times count by their 5th percentile, because
/// other programs only add to them. Peak memory of the smallest of several sizes doesn't count, because it fills no page.
fn growth(sizes: &[Series]) -> Option<f64> {
    let is_memory = sizes.first().is_some_and(|series| series.unit == Unit::Kibibytes);
    let sizes = if is_memory && sizes.len() > 2 { &sizes[1..] } else { sizes };
    let is_time = |series: &Series| series.unit == Unit::Milliseconds;
    let cost = |it: &Series| if is_time(it) { it.summary.p5 } else { it.summary.median };
    let (mut least, mut most) = (None, None::<f64>);
    // A measure without costs is no measure. One that begins without grows without bound.
    let costs: Vec<_> = sizes.iter().map(cost).collect();
    for cost in costs.iter().copied().filter(|_| costs.iter().any(|cost| *cost > 0.0)) {
        if let Some(least) = least {
            most = Some(most.map_or(cost / least, |most| most.max(cost / least)));
        }
        least = Some(least.map_or(cost, |least: f64| least.min(cost)));
    }
    most
}

/// Returns the threshold if both the limit and the measurement are known.
fn threshold(
    name: String,
    most: Option<f64>,
    measured: Option<f64>,
    unit: &'static str,
) -> Option<Threshold> {
    most.zip(measured).map(|(most, measured)| Threshold { name, most, measured, unit })
}

#[cfg(test)]
mod tests {
    use super::{INIT, Thresholds};
    use crate::series::{Samples, Unit};

    #[test]
    fn growth_is_that_beyond_the_cheapest() {
        let mut samples = Samples::default();
        let sizes = [("10 files", [9.0, 9.5]), ("1000 files", [2.0, 8.0]), ("10000 files", [2.4, 2.5])];
        for (size, costs) in sizes {
            for cost in costs {
                samples.note("growth, x: CPU time", Unit::Milliseconds, size, cost);
                samples.note("growth, x: time", Unit::Milliseconds, size, cost);
                samples.note("growth, x: read units", Unit::CapacityUnits, size, 0.0);
                samples.note("growth, x: peak memory", Unit::Kibibytes, size, 10.0 - cost);
            }
        }
        let text = Thresholds(&samples.finish()).to_string();
        let lines: Vec<_> = text.lines().skip(2).collect();
        assert!(lines[0].contains("x: CPU time") && lines[0].ends_with("1.100     1.200 MISSED"), "{text}");
        // Not compared with that of the smallest size, 0.5.
        assert!(lines[1].contains("x: peak memory") && lines[1].ends_with("3.750 MISSED"), "{text}");
        assert_eq!(lines.len(), 2, "{text}");
    }

    #[test]
    fn measurements_are_compared_with_thresholds() {
        let mut samples = Samples::default();
        for (target, sample) in [("list-projects", 2.4), ("node", 150.0)] {
            samples.note(INIT, Unit::Milliseconds, target, sample);
        }
        for (target, sample) in [("reference", 1.0), ("list-projects", 1.6)] {
            samples.note("warm list: instructions", Unit::MegaInstructions, target, sample);
        }
        let text = Thresholds(&samples.finish()).to_string();
        let result = |name: &str| {
            let line = text.lines().find(|line| line.contains(name)).unwrap_or_default();
            line.split_whitespace().last().unwrap_or_default().to_owned()
        };
        assert_eq!(result("beside Node.js (of its)"), "met");
        assert_eq!(result("instructions of a warm list, beside the reference (of its)"), "MISSED");
        assert!(!text.contains("size"), "{text}");
        assert_eq!(Thresholds(&[]).to_string(), "");
    }
}
