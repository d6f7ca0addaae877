//! What can be said on the command line. What must stay out: doing it.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Measures the functions under the Lambda Runtime API, in turns with what they are compared with.
#[derive(Debug, Parser)]
#[command(name = "bench", version)]
pub(crate) struct Arguments {
    /// How often each executable is started.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) runs: u16,
    /// Takes the functions' binaries from this folder, flat or as SAM builds it, instead of building them.
    #[arg(long, value_name = "DIR")]
    pub(crate) binaries: Option<PathBuf>,
    /// Measures only this; can be given several times.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) only: Vec<What>,
    /// Writes the figures as JSON too.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Draws the distributions of init and requests as SVG.
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    /// Measures only what noise can't move, of the functions alone, and fails if it is not within bench/bounds.yaml.
    #[arg(long, conflicts_with_all = ["only", "plot"])]
    pub(crate) check: bool,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// Sizes of what is deployed.
    Size,
    /// Init and first requests, with TLS and without.
    Start,
    /// Time and CPU time of further requests.
    Warm,
    /// Peak memory.
    Memory,
    /// Round trips and consumed capacity.
    RoundTrips,
    /// Instructions of init, of a request, and of inputs as they grow.
    Instructions,
    /// The same with much in the tables.
    Growth,
}

impl Arguments {
    pub(crate) fn wants(&self, what: What) -> bool {
        let checked = [What::Size, What::Memory, What::RoundTrips, What::Instructions];
        if self.check { checked.contains(&what) } else { self.only.is_empty() || self.only.contains(&what) }
    }
}
