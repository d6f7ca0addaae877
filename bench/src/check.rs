//! The short form: whether what noise can't move stays within recorded bounds. What must stay out: measuring.

use anyhow::{Context, Result, bail};
use local::terminal;
use serde::Deserialize;
use testing::workspace;

use crate::series::Series;

/// What one measure of one executable, or of one kind of request, must come to, exactly or at most.
#[derive(Debug, Deserialize)]
pub(crate) struct Bound {
    measure: String,
    target: String,
    #[serde(flatten)]
    limit: Limit,
    /// For the reader of the file, and for whoever breaks the bound.
    why: String,
    /// The only architecture that it holds for, if there is one.
    architecture: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Limit {
    /// So that what isn't seen at all isn't taken for little.
    Exactly(f64),
    Most(f64),
}

/// The recorded bounds.
///
/// # Errors
/// When their file can't be read.
pub(crate) fn bounds() -> Result<Vec<Bound>> {
    let file = workspace().join("bench/bounds.yaml");
    let text = std::fs::read_to_string(&file).with_context(|| format!("can't read {}", file.display()))?;
    yaml_serde::from_str(&text).with_context(|| format!("{} is not a list of bounds", file.display()))
}

/// Fails when a median is beyond its bound, or a bound is about something that was not measured.
///
/// # Errors
/// As above, with all of them.
pub(crate) fn check(bounds: &[Bound], series: &[Series], counted: bool) -> Result<()> {
    let here = |bound: &&Bound| bound.architecture.as_deref().is_none_or(|it| it == std::env::consts::ARCH);
    let measured = |bound: &&Bound| counted || !bound.measure.ends_with("instructions");
    let asked: Vec<_> = bounds.iter().filter(here).filter(measured).collect();
    let faults: Vec<_> = asked.iter().filter_map(|bound| bound.fault(series)).collect();
    for fault in &faults {
        terminal::say(&format!("FAILED: {fault}"));
    }
    if !faults.is_empty() {
        bail!("{} of {} bounds are broken; bench/bounds.yaml has them", faults.len(), asked.len());
    }
    let skipped = bounds.len() - asked.len();
    terminal::say(&format!("all {} bounds of bench/bounds.yaml hold; {skipped} SKIPPED", asked.len()));
    Ok(())
}

impl Bound {
    fn fault(&self, series: &[Series]) -> Option<String> {
        let Self { measure, target, why, .. } = self;
        let found = series.iter().find(|it| it.measure == *measure && it.target == *target);
        let Some(found) = found else {
            return Some(format!("{measure} of {target} was not measured"));
        };
        let (median, unit) = (found.summary.median, found.unit.label());
        let (broken, wanted) = match self.limit {
            // Sums of halves and ones, which have no error.
            Limit::Exactly(number) => ((median - number).abs() > f64::EPSILON, format!("must be {number}")),
            Limit::Most(number) => (median > number, format!("may be {number}")),
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
    fn what_is_beyond_its_bound_or_not_measured_fails() {
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
        // What can't be counted here is not asked for, nor what is for another machine.
        assert!(check(&[bound("init: instructions", 1.0)], &series, false).is_ok());
        let elsewhere = Bound { architecture: Some("pdp11".to_owned()), ..bound("size", 1.0) };
        assert!(check(&[elsewhere], &series, true).is_ok());
    }

    #[test]
    fn the_recorded_bounds_can_be_read_and_each_has_a_reason() -> Result<()> {
        let bounds = bounds()?;
        assert!(!bounds.is_empty() && bounds.iter().all(|bound| !bound.why.is_empty()));
        Ok(())
    }
}
