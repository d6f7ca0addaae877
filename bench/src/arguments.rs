//! What can be said on the command line. What must stay out: doing it.

use clap::Parser;
use std::path::PathBuf;

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
}
