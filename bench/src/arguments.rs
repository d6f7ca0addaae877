//! Command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Measures the functions under the Lambda Runtime API, in turns with the baselines.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
pub(crate) struct Arguments {
    /// Number of starts of each executable.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) runs: u16,
    /// Takes the functions' binaries from this folder, flat or as SAM builds it, and builds none.
    #[arg(long, value_name = "DIR")]
    pub(crate) binaries: Option<PathBuf>,
    /// Measures only this part. May be repeated.
    #[arg(long, value_enum, value_name = "PART")]
    pub(crate) only: Vec<Part>,
    /// Writes the figures as JSON too.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Draws the distributions of init and requests as SVG.
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    /// Takes only deterministic measures, of the functions alone, and fails if one exceeds its bound in bench/bounds.yaml.
    #[arg(long, conflicts_with_all = ["only", "plot"])]
    pub(crate) check: bool,
}

/// Part of the benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Sizes of the deployment packages.
    Size,
    /// Init and first requests, with and without TLS.
    Start,
    /// Time and CPU time of further requests.
    Warm,
    /// Peak memory.
    Memory,
    /// Round trips and consumed capacity.
    RoundTrips,
    /// Instructions of init, of a request, and of inputs as they grow.
    Instructions,
    /// Requests, deletions, an export and an erasure with more and more rows.
    Growth,
}

impl Arguments {
    /// Returns `true` if nothing is compared with the baselines, so that only the functions are needed.
    pub(crate) fn needs_no_baselines(&self) -> bool {
        let absolute = [Part::RoundTrips, Part::Growth];
        self.check || !self.only.is_empty() && self.only.iter().all(|part| absolute.contains(part))
    }

    /// Returns `true` if this part is to be measured.
    pub(crate) fn selects(&self, part: Part) -> bool {
        let checked = [Part::Size, Part::Memory, Part::RoundTrips, Part::Instructions];
        if self.check { checked.contains(&part) } else { self.only.is_empty() || self.only.contains(&part) }
    }
}
