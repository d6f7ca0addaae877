//! Requests to S3, built-in or external, by the program `local-s3`. Only it contains S3's SDK.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use aws_credential_types::Credentials;
use futures_util::future::{BoxFuture, Shared};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::template::Cors;

/// Path of the program `local-s3`. It is known when the program is built.
pub(crate) type Program = Shared<BoxFuture<'static, Result<PathBuf, Arc<anyhow::Error>>>>;

/// Input of `local-s3 serve`, and of `local-s3 provision`, which ignores the folder.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Setup {
    /// Folder of the objects; `None` for memory.
    pub data: Option<PathBuf>,
    /// Buckets to create.
    pub buckets: Vec<Bucket>,
}

/// Bucket to create.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bucket {
    /// Name.
    pub name: String,
    /// CORS rules.
    pub rules: Vec<Cors>,
    /// Patterns of the origins that the rules are for.
    pub origins: Vec<String>,
}

/// Objects whose keys begin with a prefix.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Listing {
    /// Number of objects that were read.
    pub count: usize,
    /// `true` if these are all.
    pub complete: bool,
    /// The newest of them, first.
    pub objects: Vec<StoredObject>,
}

/// Object in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredObject {
    /// Key.
    pub key: String,
    /// Size in bytes.
    pub size: i64,
    /// Time of the last change, in RFC 3339.
    pub modified: String,
    /// Media type.
    pub content_type: Option<String>,
    /// Tags by name.
    pub tags: BTreeMap<String, String>,
}

/// Sends requests to the S3 at an endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Objects {
    pub(crate) program: Program,
    pub(crate) credentials: Credentials,
}

impl Objects {
    /// Returns the program with its credentials and a subcommand, once it is built.
    pub(super) async fn command(&self, subcommand: &str) -> Result<Command> {
        let path = self.program.clone().await.map_err(|error| anyhow::anyhow!("{error:#}"))?;
        let mut command = Command::new(path);
        let keys = &self.credentials;
        command.arg(subcommand).env("AWS_ACCESS_KEY_ID", keys.access_key_id());
        command.env("AWS_SECRET_ACCESS_KEY", keys.secret_access_key());
        command.env("AWS_SESSION_TOKEN", keys.session_token().unwrap_or_default());
        // Its own group, because Ctrl-C in the terminal must not end it before the stack.
        #[cfg(unix)]
        command.process_group(0);
        Ok(command)
    }

    /// Creates the buckets that don't exist at an endpoint, and sets their CORS rules.
    pub(super) async fn provision(&self, endpoint: &str, buckets: Vec<Bucket>) -> Result<()> {
        let setup = serde_json::to_vec(&Setup { data: None, buckets })?;
        self.run("provision", &["--endpoint", endpoint], &setup).await.map(drop)
    }

    /// Puts an object with its SHA-256.
    pub(crate) async fn put(&self, target: [&str; 4], bytes: &[u8]) -> Result<()> {
        let [endpoint, bucket, key, content_type] = target;
        let arguments =
            ["--endpoint", endpoint, "--bucket", bucket, "--key", key, "--content-type", content_type];
        self.run("put", &arguments, bytes).await.map(drop)
    }

    /// Reads at most `max` objects whose keys begin with `prefix`, and returns the `newest` of them.
    pub(crate) async fn list(
        &self,
        [endpoint, bucket, prefix]: [&str; 3],
        max: usize,
        newest: usize,
    ) -> Result<Listing> {
        let (max, newest) = (max.to_string(), newest.to_string());
        let bounds = ["--max", max.as_str(), "--newest", newest.as_str()];
        let place = ["--endpoint", endpoint, "--bucket", bucket, "--prefix", prefix];
        let arguments = [&place[..], &bounds].concat();
        let output = self.run("list", &arguments, &[]).await?;
        serde_json::from_slice(&output).context("local-s3 printed no list")
    }

    /// Runs a subcommand with this input, and returns its output.
    async fn run(&self, subcommand: &str, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>> {
        let mut command = self.command(subcommand).await?;
        command.args(arguments).kill_on_drop(true);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("can't run local-s3")?;
        let mut stdin = child.stdin.take().context("local-s3 has no input")?;
        // It fails only if the program has ended, which its errors explain.
        drop(stdin.write_all(input).await);
        drop(stdin);
        let output = child.wait_with_output().await.context("can't wait for local-s3")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(output.stdout)
    }
}
