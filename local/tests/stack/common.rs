//! Stacks of the echo function, and a way to meet it while it works. What must stay out: assertions.

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

/// The template of these tests.
pub(crate) fn template() -> PathBuf {
    package().join("tests/template.yaml")
}

/// The folder of this package, as cargo says it when it runs the test: a copied one reads its own files.
pub(crate) fn package() -> PathBuf {
    environment::variable("CARGO_MANIFEST_DIR").unwrap_or_default().into()
}

/// The folder with the echo function. Cargo builds examples along with all tests, but not with this one alone.
pub(crate) fn binaries() -> Result<PathBuf> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| echo().map_err(|error| format!("{error:#}")));
    folder.clone().map_err(|error| anyhow!(error))
}

fn echo() -> Result<PathBuf> {
    let (build, folder) = Build::of_this_program()?;
    build.run_blocking(&package(), &["--package", "local", "--example", "echo"])?;
    Ok(folder.join("examples"))
}

/// Options for a stack of the echo function, with its data in memory.
pub(crate) fn options() -> Result<Options> {
    let mut options = Options::new(template());
    options.binaries = Binaries::Dir(binaries()?);
    Ok(options)
}

/// A stack of the echo function, and a client of it.
pub(crate) async fn start() -> Result<(Stack, Client)> {
    let stack = Stack::start(options()?).await?;
    let client = Client::new(stack.url());
    Ok((stack, client))
}

/// The process that answered.
pub(crate) fn process(response: &Response) -> Option<u64> {
    response.json()["process"].as_u64()
}

/// The event that the function got.
pub(crate) fn event(response: &Response) -> Value {
    response.json()["event"].clone()
}

/// Where invocations report that they have begun; they go on when the test lets them.
pub(crate) struct Meeting(TcpListener);

/// An invocation that waits.
pub(crate) struct Guest {
    stream: TcpStream,
    /// The id of its process.
    pub(crate) process: u32,
}

impl Meeting {
    pub(crate) async fn open() -> Result<Self> {
        Ok(Self(TcpListener::bind("127.0.0.1:0").await?))
    }

    /// The path that lets an invocation come here and wait.
    pub(crate) fn path(&self) -> Result<String> {
        Ok(format!("/echo?mode=meet&at={}", self.0.local_addr()?))
    }

    /// The path that lets a process come here and answer; it leaves when it ends.
    pub(crate) fn path_for_life(&self) -> Result<String> {
        Ok(format!("/echo?mode=stay&at={}", self.0.local_addr()?))
    }

    pub(crate) async fn next(&self) -> Result<Guest> {
        let (mut stream, _) = self.0.accept().await?;
        let process = stream.read_u32().await?;
        Ok(Guest { stream, process })
    }
}

impl Guest {
    /// Waits until the process ends: true if it does so without having been released.
    pub(crate) async fn left(mut self) -> bool {
        self.stream.read_u8().await.is_err()
    }

    /// Lets the invocation go on, and waits until it leaves.
    pub(crate) async fn release(mut self) -> Result<()> {
        self.stream.write_u8(1).await.context("the invocation is gone")?;
        let rest = self.stream.read_to_end(&mut Vec::new()).await.context("the invocation broke off")?;
        ensure!(rest == 0, "the invocation has more to say");
        Ok(())
    }
}
