//! Command line of `local-s3`, which the local stack runs.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use local::emulators::Setup;
use local::{environment, terminal};
use local_s3::{client, list, provision, put, serve};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, stdin};

/// S3 of the local stack, which runs this program. Credentials are those of the SDK's variables.
#[derive(Debug, Parser)]
#[command(name = "local-s3", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the emulator until standard input ends. Its first line is the setup; prints the address.
    Serve,
    /// Create the buckets of the setup on standard input.
    Provision(Endpoint),
    /// Put standard input as an object.
    Put {
        #[command(flatten)]
        endpoint: Endpoint,
        #[arg(long)]
        bucket: String,
        #[arg(long)]
        key: String,
        #[arg(long)]
        content_type: String,
    },
    /// Print a list of objects as JSON.
    List {
        #[command(flatten)]
        endpoint: Endpoint,
        #[arg(long)]
        bucket: String,
        #[arg(long)]
        prefix: String,
        /// Maximum objects to read.
        #[arg(long)]
        max: usize,
        /// Maximum objects to print, the newest.
        #[arg(long)]
        newest: usize,
    },
}

#[derive(Debug, Args)]
struct Endpoint {
    /// URL of an S3.
    #[arg(long)]
    endpoint: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    let credentials = environment::credentials(true);
    let at = |endpoint: &Endpoint| client(&endpoint.endpoint, credentials.clone());
    match command {
        Command::Serve => serve_until_end().await,
        Command::Provision(endpoint) => {
            let setup: Setup = serde_json::from_slice(&input().await?).context("no setup")?;
            provision(&at(&endpoint), &setup.buckets).await
        }
        Command::Put { endpoint, bucket, key, content_type } => {
            put(&at(&endpoint), &bucket, &key, &content_type, input().await?).await
        }
        Command::List { endpoint, bucket, prefix, max, newest } => {
            let listing = list(&at(&endpoint), [&bucket, &prefix], max, newest).await?;
            print(&serde_json::to_string(&listing)?)
        }
    }
}

/// Serves until standard input ends. So the program never outlives the stack, whatever ends that.
async fn serve_until_end() -> Result<()> {
    let mut input = BufReader::new(stdin());
    let mut line = String::new();
    input.read_line(&mut line).await.context("can't read the setup")?;
    let setup: Setup = serde_json::from_str(&line).context("no setup")?;
    let credentials = environment::credentials(true);
    let emulator = serve(setup.data.as_deref(), &credentials).await?;
    let client = client(&format!("http://{}", emulator.address), credentials);
    provision(&client, &setup.buckets).await?;
    print(&emulator.address.to_string())?;
    // It ends with an error only if it was closed.
    drop(input.read_to_end(&mut Vec::new()).await);
    Ok(())
}

async fn input() -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stdin().read_to_end(&mut bytes).await.context("can't read standard input")?;
    Ok(bytes)
}

fn print(text: &str) -> Result<()> {
    let mut output = std::io::stdout();
    writeln!(output, "{text}").and_then(|()| output.flush()).context("can't write to standard output")
}
