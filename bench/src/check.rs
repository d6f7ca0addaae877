//! Check of the deterministic measures against `bench/bounds.yaml`.

use anyhow::{Context, Result, bail};
use local::terminal;
use serde::Deserialize;
use testing::workspace;

use crate::series::Series;

/// Bound of one measure of executables, or of kinds of requests.
#[derive(Debug, Deserialize)]
pub(crate) struct Bound {
    measure: String,
    #[serde(rename = "target")]
    targets: Targets,
    #[serde(flatten)]
    limit: Limit,
    /// Reason, for readers of the file and of a failure.
    why: String,
    /// Only architecture that the bound holds for. `None` means all.
    architecture: Option<String>,
}

/// One target or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Targets {
    One(String),
    All(Vec<String>),
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
    let failures: Vec<_> = checked.iter().flat_map(|bound| bound.failures(series)).collect();
    for failure in &failures {
        terminal::say(&format!("FAILED: {failure}"));
    }
    if !failures.is_empty() {
        bail!("{} of {} bounds of bench/bounds.yaml are exceeded", failures.len(), total(&checked));
    }
    let all: Vec<_> = bounds.iter().collect();
    let (checked, skipped) = (total(&checked), total(&all) - total(&checked));
    terminal::say(&format!("all {checked} bounds of bench/bounds.yaml hold; {skipped} SKIPPED"));
    Ok(())
}

/// Returns the number of bounds, one for each target.
fn total(bounds: &[&Bound]) -> usize {
    bounds.iter().map(|bound| bound.targets.names().len()).sum()
}

impl Targets {
    fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::All(names) => names,
        }
    }
}

impl Bound {
    fn failures(&self, series: &[Series]) -> impl Iterator<Item = String> {
        self.targets.names().iter().filter_map(|target| self.failure(target, series))
    }

    fn failure(&self, target: &str, series: &[Series]) -> Option<String> {
        let Self { measure, why, .. } = self;
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
    use super::{Bound, Limit, Targets, bounds, check};
    use crate::series::{Samples, Unit};
    use anyhow::Result;
    use local::template::Template;
    use testing::workspace;

    fn bound(measure: &str, most: f64) -> Bound {
        let targets = Targets::One("it".to_owned());
        let (measure, why) = (measure.to_owned(), "so".to_owned());
        Bound { measure, targets, limit: Limit::Most(most), why, architecture: None }
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
        let targets = Targets::All(vec!["it".to_owned(), "another".to_owned()]);
        assert!(check(&[Bound { targets, ..bound("size", 10.0) }], &series, true).is_err());
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

    #[test]
    fn every_function_has_bounds() -> Result<()> {
        let bounds = bounds()?;
        let template = Template::load(&workspace().join("template.yaml"))?;
        for function in template.functions.iter().map(|function| &*function.binary) {
            for measure in ["size", "init and connecting: instructions", "round trips, one after the other"] {
                // A case begins with the function's name.
                let own = |target: &String| target.split(", ").next() == Some(function);
                let mut of_measure = bounds.iter().filter(|bound| bound.measure == measure);
                let found = of_measure.any(|bound| bound.targets.names().iter().any(own));
                assert!(found, "{function} has no bound of its {measure}");
            }
        }
        Ok(())
    }
}
