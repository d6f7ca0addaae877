//! What a stack is started with. What must stay out: starting it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use aws_credential_types::Credentials;

use crate::emulators::{Data, External, Interceptor};
use crate::environment::{self, Variables};
use crate::lambda::Log;
use crate::origins::Origins;

/// Where the functions' binaries come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binaries {
    /// They are built with cargo.
    Build {
        /// As for a deployment: slow to build, fast to run.
        release: bool,
    },
    /// They are in this folder.
    Dir(PathBuf),
}

/// What a stack is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The template.
    pub template: PathBuf,
    /// The gateway's port; any free one if 0.
    pub port: u16,
    /// Where our own emulators keep their data.
    pub data: Data,
    /// Where our own DynamoDB listens, and one port further on our own S3; any free ports if `None`.
    pub emulators: Option<SocketAddr>,
    /// Where the functions' binaries come from.
    pub binaries: Binaries,
    /// Only this function (its binary or logical id), if set.
    pub only: Option<String>,
    /// Variables of the functions that go before all others.
    pub variables: Variables,
    /// The origins whose pages may call the API and, unless `variables` say otherwise, write with the cookie.
    pub origins: Origins,
    /// Appended to the names of tables and buckets, so that several stacks can share an emulator.
    pub name_suffix: Option<String>,
    /// What happens to the functions' logs.
    pub log: Log,
    /// Stands between the functions and the emulators.
    pub interceptor: Option<Arc<dyn Interceptor>>,
    /// Emulators to use instead of our own.
    pub external: External,
    /// What the emulators accept as caller.
    pub credentials: Credentials,
    /// Whether an environment of each function is started at once, which shows whether it can be.
    pub prewarm: bool,
}

impl Options {
    /// A stack of the functions in `template`, built for development, on any free port, with its data in memory.
    #[must_use]
    pub fn new(template: PathBuf) -> Self {
        Self {
            template,
            port: 0,
            data: Data::Memory,
            emulators: None,
            binaries: Binaries::Build { release: false },
            only: None,
            variables: Variables::new(),
            origins: Origins::default(),
            name_suffix: None,
            log: Log::Capture,
            interceptor: None,
            external: External::default(),
            credentials: environment::credentials(false),
            prewarm: false,
        }
    }
}
