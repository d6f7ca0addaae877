//! Check of the deterministic measures against `bench/bounds.yaml`.

use anyhow::{Context, Result, bail};
use local::terminal;
use serde::Deserialize;
use testing::workspace;

use crate::series::Series;

/// Bound of one measure of one executable, or of one kind of request.
#[derive(Debug, Deserialize)]
pub(crate) struct Bound {
    measure: String,
    target: String,
    #[serde(flatten)]
    limit: Limit,
    /// Reason, for readers of the file and of a failure.
    why: String,
    /// Only architecture that the bound holds for. `None` means all.
    architecture: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Limit {
    /// Exact value, so that a call that isn't counted fails the check.
    Exactly(f64),
    Most(f64),
}

/// Reads the bounds.
///
/// # Errors
/// The file can't be read.
pub(crate) fn bounds() -> Result<Vec<Bound>> {
    let file = workspace().join("bench/bounds.yaml");
    let text = std::fs::read_to_string(&file).with_context(|| format!("can't read {}", file.display()))?;
    yaml_serde::from_str(&text).with_context(|| format!("{} is not a list of bounds", file.display()))
}

/// Checks each median against its bound.
///
/// # Errors
/// A median exceeds its bound, or a bound's measure was not taken. The error counts them; each is printed.
pub(crate) fn check(bounds: &[Bound], series: &[Series], counted: bool) -> Result<()> {
    let here = |bound: &&Bound| bound.architecture.as_deref().is_none_or(|it| it == std::env::consts::ARCH);
    let measured = |bound: &&Bound| counted || !bound.measure.ends_with("instructions");
    let checked: Vec<_> = bounds.iter().filter(here).filter(measured).collect();
    let failures: Vec<_> = checked.iter().filter_map(|bound| bound.failure(series)).collect();
    for failure in &failures {
        terminal::say(&format!("FAILED: {failure}"));
    }
    if !failures.is_empty() {
        bail!("{} of {} bounds of bench/bounds.yaml are exceeded", failures.len(), checked.len());
    }
    let skipped = bounds.len() - checked.len();
    terminal::say(&format!("all {} bounds of bench/bounds.yaml hold; {skipped} SKIPPED", checked.len()));
    Ok(())
}

impl Bound {
    fn failure(&self, series: &[Series]) -> Option<String> {
        let Self { measure, target, why, .. } = self;
        let found = series.iter().find(|it| it.measure == *measure && it.target == *target);
        let Some(found) = found else {
            return Some(format!("{measure} of {target} was not measured"));
        };
        let (median, unit) = (found.summary.median, found.unit.label());
        let (broken, wanted) = match self.limit {
            // Sums of halves and ones are exact.
            Limit::Exactly(number) => ((median - number).abs() > f64::EPSILON, format!("must be {number}")),
            Limit::Most(number) => (median > number, format!("must be at most {number}")),
        };
        broken.then(|| format!("{measure} of {target} is {median} and {wanted} ({unit}): {why}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Bound, Limit, bounds, check};
    use crate::series::{Samples, Unit};
    use anyhow::Result;

    fn bound(measure: &str, most: f64) -> Bound {
        let (measure, target, why) = (measure.to_owned(), "it".to_owned(), "so".to_owned());
        Bound { measure, target, limit: Limit::Most(most), why, architecture: None }
    }

    #[test]
    fn exceeded_bounds_and_missing_measures_fail() {
        let mut samples = Samples::default();
        samples.note("size", Unit::Kibibytes, "it", 10.0);
        let series = samples.finish();
        assert!(check(&[bound("size", 10.0)], &series, true).is_ok());
        assert!(check(&[bound("size", 9.9)], &series, true).is_err());
        assert!(check(&[bound("sighs", 10.0)], &series, true).is_err());
        let exactly = |number| Bound { limit: Limit::Exactly(number), ..bound("size", 0.0) };
        assert!(check(&[exactly(10.0)], &series, true).is_ok());
        assert!(
            check(&[exactly(11.0)], &series, true).is_err() && check(&[exactly(9.0)], &series, true).is_err()
        );
        // Without Valgrind, bounds of instructions are skipped; so are those of another architecture.
        assert!(check(&[bound("init: instructions", 1.0)], &series, false).is_ok());
        let elsewhere = Bound { architecture: Some("pdp11".to_owned()), ..bound("size", 1.0) };
        assert!(check(&[elsewhere], &series, true).is_ok());
    }

    #[test]
    fn every_recorded_bound_has_a_reason() -> Result<()> {
        let bounds = bounds()?;
        assert!(!bounds.is_empty() && bounds.iter().all(|bound| !bound.why.is_empty()));
        Ok(())
    }
}
