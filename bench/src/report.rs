//! Report of the samples as tables.

use std::fmt::{Display, Formatter, Result};

use crate::series::{Series, Unit};

/// Target that the others are compared with.
const NOOP: &str = "noop";

/// Tables of all series, one for each measure.
pub(crate) struct Report<'s>(pub(crate) &'s [Series]);

impl Display for Report<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        let mut measure = "";
        for series in self.0 {
            if series.measure != measure {
                measure = &series.measure;
                heading(formatter, series)?;
            }
            row(formatter, series, self.noop(measure))?;
        }
        Ok(())
    }
}

impl Report<'_> {
    fn noop(&self, measure: &str) -> Option<f64> {
        let found = self.0.iter().find(|series| series.measure == measure && series.target == NOOP);
        found.map(|series| series.summary.median).filter(|median| *median > 0.0)
    }
}

fn heading(formatter: &mut Formatter<'_>, series: &Series) -> Result {
    let title = format!("{} ({})", series.measure, series.unit.label());
    writeln!(
        formatter,
        "\n{title:<58}{:>10}{:>10}{:>10}{:>10}{:>6}{:>9}",
        "median", "p5", "p95", "p99", "n", "x noop"
    )
}

fn row(formatter: &mut Formatter<'_>, series: &Series, noop: Option<f64>) -> Result {
    let it = series.summary;
    write!(formatter, "  {:<56}{:>10}", series.target, number(series.unit, it.median))?;
    let spread = if it.samples > 1 {
        [it.p5, it.p95, it.p99].map(|value| number(series.unit, value))
    } else {
        Default::default()
    };
    let [p5, p95, p99] = spread;
    let ratio = noop.map(|noop| format!("{:.2}", it.median / noop)).unwrap_or_default();
    writeln!(formatter, "{p5:>10}{p95:>10}{p99:>10}{:>6}{ratio:>9}", it.samples)
}

/// Formats a value with its significant digits.
fn number(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Milliseconds | Unit::MegaInstructions => format!("{value:.3}"),
        Unit::Kibibytes | Unit::Count => format!("{value:.0}"),
        Unit::CapacityUnits | Unit::Times | Unit::Dollars => format!("{value:.2}"),
    }
}
