//! Arguments of the command line. Their comments are its help texts.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::organization::Organization;
use crate::rows::Kind;

/// Count, export or erase all rows and objects of one organization.
#[derive(Debug, Parser)]
#[command(name = "tenant", version, after_help = ENVIRONMENT)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const ENVIRONMENT: &str = "\
Environment:
  Credentials and region come from the SDK's usual places: AWS_* variables, a profile, a container's or an instance's
  role. For a profile of IAM Identity Center, first run
    eval \"$(aws configure export-credentials --format env)\"
  AWS_ENDPOINT_URL_DYNAMODB and AWS_ENDPOINT_URL_S3 lead to emulators. The local stack prints them when it starts.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Count what an organization has, and change nothing.
    Count(Data),
    /// Write an organization's rows and objects into a folder.
    Export(Export),
    /// Erase an organization's rows, and its objects with all versions, and prove that nothing is left there.
    Erase(Erase),
}

/// Organization, and the places of its data.
#[derive(Debug, Args)]
pub(crate) struct Data {
    /// Id of the organization, as tokens have it.
    #[arg(value_name = "ORG")]
    pub(crate) organization: Organization,
    /// Table of rows; repeatable.
    #[arg(long = "table", value_name = "NAME", required = true)]
    pub(crate) rows: Vec<String>,
    /// Bucket of objects; repeatable.
    #[arg(long = "bucket", value_name = "NAME")]
    pub(crate) buckets: Vec<String>,
    /// Table of rate limit counters. An export leaves them out.
    #[arg(long, value_name = "NAME")]
    pub(crate) counters: Option<String>,
    /// Maximum number of concurrent calls of a kind.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) parallel: u16,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Folder to write to. If it has an unfinished export of the same data, that one is continued.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Erase {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Id of the organization again. There is no way back but point-in-time recovery.
    #[arg(long, value_name = "ORG")]
    pub(crate) confirm: String,
    /// Wait between passes, in which functions that follow a table's stream finish.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    pub(crate) settle: Duration,
    /// Succeed even if nothing was found, as after an earlier erasure. Otherwise that is an error, because a misspelled id
    /// or another account has nothing, too.
    #[arg(long)]
    pub(crate) allow_empty: bool,
}

impl Data {
    /// Returns all tables, and the forms of their keys.
    pub(crate) fn tables(&self) -> impl Iterator<Item = (&str, Kind)> {
        let rows = self.rows.iter().map(|table| (table.as_str(), Kind::Row));
        rows.chain(self.counters.iter().map(|table| (table.as_str(), Kind::Counter)))
    }

    /// Returns the maximum number of concurrent calls.
    pub(crate) fn parallel(&self) -> usize {
        self.parallel.into()
    }
}

fn seconds(text: &str) -> Result<Duration, std::num::ParseIntError> {
    text.parse().map(Duration::from_secs)
}
