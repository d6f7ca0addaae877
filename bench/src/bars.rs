//! What is asked of the functions: ratios within one run. What must stay out: measuring, and bounds that noise can't move.

use crate::series::Series;
use crate::subject::{CREATE, LARGE, LIST, UPLOAD};
use std::fmt::{Display, Formatter, Result};

/// What their costs are compared with.
const FLOOR: &str = "floor";
const DEFAULTS: &str = "defaults";
const NODE: &str = "node";

const INIT: &str = "init: from spawn to the first /next";
const MEMORY: &str = "peak memory after 20 requests";

/// The bars that these series can be held to.
pub(crate) struct Bars<'s>(pub(crate) &'s [Series]);

/// One of them.
#[derive(Debug)]
struct Bar {
    what: String,
    most: f64,
    here: f64,
    unit: &'static str,
}

impl Display for Bars<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        let bars = self.all();
        if !bars.is_empty() {
            writeln!(formatter, "\n{:<78}{:>10}{:>10}", "what is asked, at most", "asked", "here")?;
        }
        for Bar { what, most, here, unit } in bars {
            let verdict = if here <= most { "met" } else { "MISSED" };
            writeln!(formatter, "  {:<76}{most:>10.3}{here:>10.3} {verdict}", format!("{what} ({unit})"))?;
        }
        Ok(())
    }
}

impl Bars<'_> {
    fn all(&self) -> Vec<Bar> {
        let one = [(LIST, 1.25, 6.0), (CREATE, 1.25, 6.0), (UPLOAD, 1.5, 10.0)];
        let each = one.into_iter().flat_map(|(function, init, size)| self.of(function, init, size));
        each.chain(self.of_uploads()).chain(self.of_peers()).collect()
    }

    /// What is asked of each function: `init` as a multiple of the floor's, `size` in MB.
    fn of(&self, function: &str, init: f64, size: f64) -> Vec<Bar> {
        let floor_twice = self.median(MEMORY, FLOOR).map(|floor| floor.mul_add(2.0, 2048.0));
        let kind =
            if function == UPLOAD { "upload 1 KiB" } else { function.split('-').next().unwrap_or_default() };
        let warm = self.median(&format!("warm {kind}, TLS: time"), function);
        let first = self.median("first request, TLS", function).zip(warm).map(|(first, warm)| first - warm);
        // Of the function that sets up only one, as two are in each other's way.
        let set_up = self.median("setting up a connection, TLS", CREATE);
        let megabytes = self.median("size", function).map(|kib| kib * 1024.0 / 1e6);
        [
            bar(
                format!("init of {function}"),
                Some(init),
                self.ratio(INIT, function, FLOOR),
                "of the floor's",
            ),
            bar(format!("size of {function}"), Some(size), megabytes, "MB"),
            bar(format!("peak memory of {function}"), floor_twice, self.median(MEMORY, function), "KiB"),
            bar(
                format!("first request of {function} beyond a warm one, TLS: one set-up"),
                set_up,
                first,
                "ms",
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn of_uploads(&self) -> Option<Bar> {
        let added = self.median("peak memory that the first upload of 4 MiB adds", UPLOAD);
        let times = added.map(|kib| kib * 1024.0 / crate::cold::count(LARGE));
        bar("memory that a large upload adds".to_owned(), Some(4.0), times, "of its size")
    }

    fn of_peers(&self) -> impl Iterator<Item = Bar> {
        let cpu = "warm list, TLS: CPU time";
        let of = |what: &str, most, here, unit| bar(what.to_owned(), Some(most), here, unit);
        [
            of("init of list-projects, beside Node.js", 1.0 / 50.0, self.ratio(INIT, LIST, NODE), "of its"),
            of(
                "CPU of a warm list, beside the SDK's defaults",
                1.0,
                self.ratio(cpu, LIST, DEFAULTS),
                "of its",
            ),
            of("CPU of a warm list, beside Node.js", 0.25, self.ratio(cpu, LIST, NODE), "of its"),
        ]
        .into_iter()
        .flatten()
    }

    fn ratio(&self, measure: &str, one: &str, other: &str) -> Option<f64> {
        let (one, other) = self.median(measure, one).zip(self.median(measure, other))?;
        (other > 0.0).then(|| one / other)
    }

    fn median(&self, measure: &str, subject: &str) -> Option<f64> {
        let found = self.0.iter().find(|it| it.measure == measure && it.subject == subject);
        found.map(|series| series.summary.median)
    }
}

/// One of which all is known.
fn bar(what: String, most: Option<f64>, here: Option<f64>, unit: &'static str) -> Option<Bar> {
    most.zip(here).map(|(most, here)| Bar { what, most, here, unit })
}

#[cfg(test)]
mod tests {
    use super::{Bars, INIT};
    use crate::series::{Book, Unit};

    #[test]
    fn what_was_measured_is_held_to_what_is_asked() {
        let mut book = Book::default();
        for (subject, sample) in
            [("floor", 2.0), ("list-projects", 2.4), ("create-project", 2.6), ("node", 150.0)]
        {
            book.note(INIT, Unit::Milliseconds, subject, sample);
        }
        let text = Bars(&book.finish()).to_string();
        let verdict = |what: &str| {
            let line = text.lines().find(|line| line.contains(what)).unwrap_or_default();
            line.split_whitespace().last().unwrap_or_default().to_owned()
        };
        assert_eq!(verdict("init of list-projects (of the floor's)"), "met");
        assert_eq!(verdict("init of create-project (of the floor's)"), "MISSED");
        assert_eq!(verdict("beside Node.js (of its)"), "met");
        assert!(!text.contains("size"), "{text}");
        assert_eq!(Bars(&[]).to_string(), "");
    }
}
