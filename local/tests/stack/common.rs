//! Stacks of the echo function, and rendezvous with running invocations.

use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow, ensure};
use local::cargo::Build;
use local::client::{Client, Response};
use local::environment;
use local::stack::{Binaries, Options, Stack};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Returns the path of the template of these tests.
pub(crate) fn template() -> PathBuf {
    package().join("tests/template.yaml")
}

/// Returns the folder of this package from cargo's variable at run time, so that a copied workspace reads its own files.
pub(crate) fn package() -> PathBuf {
    environment::variable("CARGO_MANIFEST_DIR").unwrap_or_default().into()
}

/// Returns the folder with the functions. They are built here, because `cargo test --test stack` builds no examples.
pub(crate) fn binaries() -> Result<PathBuf> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| examples().map_err(|error| format!("{error:#}")));
    folder.clone().map_err(|error| anyhow!(error))
}

fn examples() -> Result<PathBuf> {
    let (build, folder) = Build::of_this_program()?;
    build.run_blocking(&package(), &["--package", "local", "--example", "echo", "--example", "follower"])?;
    build.run_blocking(&package(), &["--package", "local-s3"])?;
    Ok(folder.join("examples"))
}

/// Returns options for a stack of the echo function, with its data in memory.
pub(crate) fn options() -> Result<Options> {
    let mut options = Options::new(template());
    options.binaries = Binaries::Dir(binaries()?);
    Ok(options)
}

/// Returns a client of the stack's S3.
pub(crate) fn bucket_client(stack: &Stack) -> aws_sdk_s3::Client {
    local_s3::client(stack.s3_endpoint(), stack.credentials().clone())
}

/// Starts a stack of the echo function, and returns it with a client.
pub(crate) async fn start() -> Result<(Stack, Client)> {
    let stack = Stack::start(options()?).await?;
    let client = Client::new(stack.url());
    Ok((stack, client))
}

/// Returns the id of the process that responded.
pub(crate) fn process(response: &Response) -> Option<u64> {
    response.json()["process"].as_u64()
}

/// Returns the event that the function got.
pub(crate) fn event(response: &Response) -> Value {
    response.json()["event"].clone()
}

/// Meeting point of invocations: each reports that it runs, and waits until the test releases it.
pub(crate) struct Meeting(TcpListener);

/// Waiting invocation.
pub(crate) struct Invocation {
    stream: TcpStream,
    /// Id of its process.
    pub(crate) process: u32,
}

impl Meeting {
    pub(crate) async fn open() -> Result<Self> {
        Ok(Self(TcpListener::bind("127.0.0.1:0").await?))
    }

    /// Returns the path whose invocation connects here and waits.
    pub(crate) fn path(&self) -> Result<String> {
        Ok(format!("/echo?mode=meet&at={}", self.0.local_addr()?))
    }

    /// Returns the path whose invocation connects here and responds. The connection stays open until its process ends.
    pub(crate) fn path_until_exit(&self) -> Result<String> {
        Ok(format!("/echo?mode=stay&at={}", self.0.local_addr()?))
    }

    pub(crate) async fn next(&self) -> Result<Invocation> {
        let (mut stream, _) = self.0.accept().await?;
        let process = stream.read_u32().await?;
        Ok(Invocation { stream, process })
    }
}

impl Invocation {
    /// Waits until the connection closes. Returns `true` if the process ended without being released.
    pub(crate) async fn ended(mut self) -> bool {
        self.stream.read_u8().await.is_err()
    }

    /// Lets the invocation continue, and waits until it disconnects.
    pub(crate) async fn release(mut self) -> Result<()> {
        self.stream.write_u8(1).await.context("the invocation has ended")?;
        let rest = self.stream.read_to_end(&mut Vec::new()).await.context("the invocation failed")?;
        ensure!(rest == 0, "the invocation sent more bytes");
        Ok(())
    }
}
