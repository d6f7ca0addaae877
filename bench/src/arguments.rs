//! Command line.

use std::path::PathBuf;
use std::time::Duration;

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
    /// Round trip to DynamoDB under Lambda's CPU, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 1)]
    pub(crate) dynamodb_distance: u16,
    /// Round trip to S3 under Lambda's CPU, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 10)]
    pub(crate) s3_distance: u16,
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
    /// Starts, requests and costs under the CPU that each memory size gets on Lambda.
    Lambda,
}

impl Arguments {
    /// Returns `true` if nothing is compared with the baselines, so that only the functions are needed.
    pub(crate) fn needs_no_baselines(&self) -> bool {
        let absolute = [Part::RoundTrips, Part::Growth];
        self.check || !self.only.is_empty() && self.only.iter().all(|part| absolute.contains(part))
    }

    /// Returns the round trips to DynamoDB and to S3.
    pub(crate) fn distances(&self) -> [Duration; 2] {
        [self.dynamodb_distance, self.s3_distance].map(|ms| Duration::from_millis(ms.into()))
    }

    /// Returns `true` if this part is to be measured.
    pub(crate) fn selects(&self, part: Part) -> bool {
        let checked = [Part::Size, Part::Memory, Part::RoundTrips, Part::Instructions];
        if self.check { checked.contains(&part) } else { self.only.is_empty() || self.only.contains(&part) }
    }
}
