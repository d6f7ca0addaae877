//! Metrics in log lines, read as `CloudWatch` reads its embedded metric format.

use anyhow::{Context, Result, ensure};
use serde_json::Value as Line;

/// Value of a metric, by the names and values of its dimensions.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) dimensions: Vec<(String, String)>,
    pub(crate) value: f64,
}

/// Returns the samples of a line, none for a line without metrics.
pub(crate) fn samples(line: &Line) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    let Some(metadata) = line.get("_aws") else { return Ok(samples) };
    ensure!(
        metadata["Timestamp"].as_u64().is_some_and(|at| at > 1_700_000_000_000),
        "no milliseconds: {line}"
    );
    for directive in list(&metadata["CloudWatchMetrics"])? {
        for names in list(&directive["Dimensions"])? {
            let dimensions = dimensions(line, names)?;
            for metric in list(&directive["Metrics"])? {
                let name = metric["Name"].as_str().context("a metric without a name")?;
                samples.push(Sample {
                    namespace: directive["Namespace"].as_str().context("no namespace")?.to_owned(),
                    name: name.to_owned(),
                    dimensions: dimensions.clone(),
                    value: line[name].as_f64().with_context(|| format!("{name} is no number: {line}"))?,
                });
            }
        }
    }
    Ok(samples)
}

/// Returns a set of dimensions, whose values are texts of the line.
fn dimensions(line: &Line, names: &Line) -> Result<Vec<(String, String)>> {
    let names = list(names)?.iter();
    let value = |name: &Line| Some((name.as_str()?.to_owned(), line[name.as_str()?].as_str()?.to_owned()));
    let dimensions: Option<Vec<_>> = names.map(value).collect();
    dimensions.filter(|them| them.iter().all(|(_, value)| !value.is_empty())).context("an empty dimension")
}

fn list(value: &Line) -> Result<&Vec<Line>> {
    value.as_array().with_context(|| format!("{value} is no list"))
}
