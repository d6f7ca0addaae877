//! Cost of reading an input of twice the length. The inputs are the seeds of the fuzz target `cost`.

use std::fs;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use local::environment;
use local::terminal;
use tempfile::NamedTempFile;
use testing::workspace;
use tokio::process::Command;

use crate::series::{Samples, Unit};

/// Function in `shared/examples/cost.rs` that reads an input.
const READS: &str = "cost::measured";

/// Counts the instructions for each input at half its size and at its full size, and records the worst ratio: 2 is linear,
/// 4 is quadratic.
///
/// # Errors
/// The inputs can't be read under Valgrind.
pub(crate) async fn doubling(samples: &mut Samples) -> Result<()> {
    let folder = workspace().join("shared/fuzz/seeds/cost");
    let entries = fs::read_dir(&folder).with_context(|| format!("can't read {}", folder.display()))?;
    let mut seeds = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    seeds.sort();
    let counts = NamedTempFile::new().context("can't create a file")?;
    let runner = format!(
        "target.'cfg(unix)'.runner = ['valgrind', '--tool=callgrind', '--dump-before={READS}', '--dump-after={READS}', \
         '--combine-dumps=yes', '--callgrind-out-file={}', '--log-file=/dev/null']",
        counts.path().display()
    );
    let mut cargo = Command::new(environment::variable("CARGO").unwrap_or_else(|| "cargo".to_owned()));
    cargo.args(["run", "--quiet", "--package", "shared", "--features", "fuzzing", "--example", "cost"]);
    cargo.args(["--config", &runner, "--"]).args(&seeds);
    cargo.current_dir(workspace()).stdout(Stdio::null()).kill_on_drop(true);
    ensure!(cargo.status().await.context("can't run cargo")?.success(), "the inputs can't be read");
    let text = fs::read_to_string(counts.path()).context("can't read Valgrind's counts")?;
    let readings = readings(&text)?;
    ensure!(readings.len() == seeds.len(), "{} of {} inputs were counted", readings.len(), seeds.len());
    let worst = seeds.iter().zip(readings).max_by(|(_, one), (_, other)| one.total_cmp(other));
    let (seed, ratio) = worst.context("there are no inputs")?;
    terminal::say(&format!(
        "doubled, {} costs {ratio:.2} times as much, the most of all inputs",
        seed.display()
    ));
    samples.note("doubled input: instructions", Unit::Times, "the worst input", ratio);
    Ok(())
}

/// Returns the ratio of each second reading to the one before. Valgrind also counts between readings, which is skipped.
fn readings(text: &str) -> Result<Vec<f64>> {
    let totals = text.lines().filter_map(|line| line.strip_prefix("totals: "));
    let totals =
        totals.map(str::parse).collect::<Result<Vec<f64>, _>>().context("a count is not a number")?;
    let counts: Vec<_> = totals.into_iter().skip(1).step_by(2).collect();
    Ok(counts.chunks_exact(2).map(|pair| pair[1] / pair[0]).collect())
}

#[cfg(test)]
mod tests {
    use super::readings;

    #[test]
    fn every_second_count_is_a_reading() {
        let text = "totals: 7\ntotals: 100\nx\ntotals: 9\ntotals: 200\ntotals: 7\ntotals: 10\ntotals: 9\ntotals: 40\ntotals: 3";
        assert_eq!(readings(text).unwrap_or_default(), [2.0, 4.0]);
        assert!(readings("totals: x").is_err());
    }
}
