//! Arguments of the command line. Their comments are its help texts.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use local::origins::Origin;

/// Run the whole service on this machine: functions, API gateway, tables and bucket.
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
  Functions inherit the variables that template.yaml declares (RATE_LIMIT, …), AUTH_*, AWS_CA_BUNDLE, LOG_LEVEL and
  RUST_BACKTRACE. AWS_ENDPOINT_URL_DYNAMODB and AWS_ENDPOINT_URL_S3 are endpoints of emulators to use instead of the
  built-in ones. CORS_ORIGINS is a comma-separated list of allowed origins, as with --origin.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print a token for the API.
    Token(Token),
    /// Print the event of a function's example.
    Event(Event),
    /// Invoke one function with one event and print its response.
    Invoke(Invoke),
    /// Update docs/openapi.json and the lists of routes from the functions' descriptions.
    Describe(Describe),
    /// Add a route: a function that returns 204, its example, and its block in the template.
    New(New),
    /// Remove functions with their routes.
    Remove(Remove),
    /// Load-test a separate stack and check that nothing is lost or duplicated.
    Loadtest(Loadtest),
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Serve {
    /// Port to listen on; 0 picks a free one.
    #[arg(long, default_value_t = 3000)]
    pub(crate) port: u16,
    /// Folder for tables and objects [default: .local, beside the template].
    #[arg(long, value_name = "DIR", conflicts_with = "ephemeral")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Keep tables and objects in memory and discard them on exit.
    #[arg(long)]
    pub(crate) ephemeral: bool,
    /// Address of the DynamoDB emulator, for functions that run elsewhere; the S3 emulator gets the next port
    /// [default: free ports of 127.0.0.1].
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) emulators: Option<SocketAddr>,
    /// Origin whose pages may call the API, such as `http://localhost:5173`; repeatable
    /// [default: any port of localhost and 127.0.0.1].
    #[arg(long = "origin", value_name = "ORIGIN")]
    pub(crate) origins: Vec<Origin>,
    /// Insert the rows that the functions' examples need.
    #[arg(long)]
    pub(crate) seed: bool,
    /// Keep the functions as they are, even if their sources change.
    #[arg(long)]
    pub(crate) no_rebuild: bool,
    /// Print the functions' JSON log, in place of a line for each request.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) build: Build,
}

#[derive(Debug, Args)]
pub(crate) struct Build {
    /// Build the functions with the release profile, as for a deployment.
    #[arg(long)]
    pub(crate) release: bool,
    /// Folder with the functions' binaries, which are not built then.
    #[arg(long, value_name = "DIR", conflicts_with = "release")]
    pub(crate) binaries: Option<PathBuf>,
    /// Path of the template [default: the nearest template.yaml, upwards].
    #[arg(long, value_name = "PATH")]
    pub(crate) template: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Token {
    /// Id of the user, which becomes the token's subject.
    #[arg(long)]
    pub(crate) user: String,
    /// Organization that the user is a member of; repeatable.
    #[arg(long = "org", value_name = "ORG")]
    pub(crate) orgs: Vec<String>,
    /// Role in all of these organizations; repeatable.
    #[arg(long = "role", value_name = "ROLE")]
    pub(crate) roles: Vec<String>,
    /// Lifetime of the token.
    #[arg(long, value_name = "SECONDS", default_value_t = local::token::DEFAULT_LIFETIME.as_secs())]
    pub(crate) expires_in: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Event {
    /// Function, by its binary or its name in the template.
    pub(crate) function: String,
    /// Path of the template [default: the nearest template.yaml, upwards].
    #[arg(long, value_name = "PATH")]
    pub(crate) template: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Invoke {
    /// Function, by its binary or its name in the template.
    pub(crate) function: String,
    /// File with the event, or - for standard input [default: the event of the function's example].
    pub(crate) event: Option<PathBuf>,
    /// Folder for tables and objects [default: in memory].
    #[arg(long, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) build: Build,
}

#[derive(Debug, Args)]
pub(crate) struct Describe {
    /// Path of the template [default: the nearest template.yaml, upwards].
    #[arg(long, value_name = "PATH")]
    pub(crate) template: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct New {
    /// Name of the function: a verb and a noun, such as get-project.
    pub(crate) function: String,
    /// Method: GET, POST, PUT, PATCH or DELETE.
    pub(crate) method: String,
    /// Path, such as '/v1/orgs/{orgId}/projects/{projectId}'.
    pub(crate) path: String,
    /// Path of the template [default: the nearest template.yaml, upwards].
    #[arg(long, value_name = "PATH")]
    pub(crate) template: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// Functions, by their binaries.
    #[arg(required = true)]
    pub(crate) functions: Vec<String>,
    /// Path of the template [default: the nearest template.yaml, upwards].
    #[arg(long, value_name = "PATH")]
    pub(crate) template: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Loadtest {
    /// Number of connections; each sends one request at a time.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) connections: u16,
    /// Duration of the load.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) seconds: u64,
    /// Maximum number of requests.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) requests: u64,
    #[command(flatten)]
    pub(crate) build: Build,
}
