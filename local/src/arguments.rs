//! What can be said on the command line. What must stay out: doing it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use local::origins::Origin;

/// Runs the whole service on this machine: functions, API gateway, tables and bucket.
#[derive(Debug, Parser)]
#[command(name = "local", version, args_conflicts_with_subcommands = true, after_help = ENVIRONMENT)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: Serve,
}

const ENVIRONMENT: &str = "\
Environment:
  Variables that template.yaml gives to a function (RATE_LIMIT, …), AUTH_*, AWS_CA_BUNDLE, LOG_LEVEL and RUST_BACKTRACE
  reach the functions when they are set here. AWS_ENDPOINT_URL_DYNAMODB and AWS_ENDPOINT_URL_S3 name emulators to use
  instead of the built-in ones. CORS_ORIGINS lists the origins whose pages may call the API, as --origin does.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Prints a token for the API.
    Token(Token),
    /// Prints the event of a function's example.
    Event(Event),
    /// Gives one function one event, and prints its answer.
    Invoke(Invoke),
    /// Writes docs/openapi.json and the lists of routes anew, from what the functions say of themselves.
    Describe(Describe),
    /// Writes a new route: a function that answers 204, its example, and its block of the template.
    New(New),
    /// Removes functions with their routes.
    Remove(Remove),
    /// Puts a stack of its own under load, and checks that nothing was lost or doubled.
    Loadtest(Loadtest),
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The port to listen on; 0 takes any free one.
    #[arg(long, default_value_t = 3000)]
    pub(crate) port: u16,
    /// The folder that keeps tables and objects [default: .local, beside the template].
    #[arg(long, value_name = "DIR", conflicts_with = "ephemeral")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Keeps tables and objects in memory: they are gone when the stack stops.
    #[arg(long)]
    pub(crate) ephemeral: bool,
    /// Where the DynamoDB emulator listens, and one port further on the S3 emulator, for functions that run elsewhere
    /// [default: any free ports of 127.0.0.1].
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) emulators: Option<SocketAddr>,
    /// An origin whose pages may call the API, such as `http://localhost:5173`. Can be given several times
    /// [default: any port of localhost and 127.0.0.1].
    #[arg(long = "origin", value_name = "ORIGIN")]
    pub(crate) origins: Vec<Origin>,
    /// Puts the rows that the functions' examples count on into the tables.
    #[arg(long)]
    pub(crate) seed: bool,
    #[command(flatten)]
    pub(crate) build: Build,
}

#[derive(Debug, Args)]
pub(crate) struct Build {
    /// Builds the functions as for a deployment.
    #[arg(long)]
    pub(crate) release: bool,
    /// Takes the functions' binaries from this folder instead of building them.
    #[arg(long, value_name = "DIR", conflicts_with = "release")]
    pub(crate) binaries: Option<PathBuf>,
    /// The template [default: the nearest template.yaml, upwards].
    #[arg(long, value_name = "PATH")]
    pub(crate) template: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Token {
    /// The user: the token's subject.
    #[arg(long)]
    pub(crate) user: String,
    /// An organization that the user is a member of. Can be given several times, or not at all.
    #[arg(long = "org", value_name = "ORG")]
    pub(crate) orgs: Vec<String>,
    /// A role in all of these organizations. Can be given several times, or not at all.
    #[arg(long = "role", value_name = "ROLE")]
    pub(crate) roles: Vec<String>,
    /// How long the token is valid.
    #[arg(long, value_name = "SECONDS", default_value_t = local::token::DEFAULT_LIFETIME.as_secs())]
    pub(crate) expires_in: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Event {
    /// The function: its binary, or its name in the template.
    pub(crate) function: String,
    /// The template [default: the nearest template.yaml, upwards].
    #[arg(long, value_name = "PATH")]
    pub(crate) template: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Invoke {
    /// The function: its binary, or its name in the template.
    pub(crate) function: String,
    /// The file with the event; - reads standard input [default: the event of the function's example].
    pub(crate) event: Option<PathBuf>,
    /// The folder that keeps tables and objects. Without it they are in memory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) build: Build,
}

#[derive(Debug, Args)]
pub(crate) struct Describe {
    /// The template [default: the nearest template.yaml, upwards].
    #[arg(long, value_name = "PATH")]
    pub(crate) template: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct New {
    /// The function: a verb and a noun, such as get-project.
    pub(crate) function: String,
    /// The method: GET, POST, PUT, PATCH or DELETE.
    pub(crate) method: String,
    /// The path, such as '/v1/orgs/{orgId}/projects/{projectId}'.
    pub(crate) path: String,
    /// The template [default: the nearest template.yaml, upwards].
    #[arg(long, value_name = "PATH")]
    pub(crate) template: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// The functions, by their binaries.
    #[arg(required = true)]
    pub(crate) functions: Vec<String>,
    /// The template [default: the nearest template.yaml, upwards].
    #[arg(long, value_name = "PATH")]
    pub(crate) template: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Loadtest {
    /// How many connections ask at the same time, each its next question when the last one is answered.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) connections: u16,
    /// For how long.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) seconds: u64,
    /// How many requests at most.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) requests: u64,
    #[command(flatten)]
    pub(crate) build: Build,
}
