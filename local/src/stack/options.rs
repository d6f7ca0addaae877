//! Options of a stack.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use aws_credential_types::Credentials;

use crate::emulators::{Data, External, Interceptor};
use crate::environment::{self, Variables};
use crate::lambda::Log;
use crate::origins::Origins;
use crate::streams::Mode;

/// Source of the functions' binaries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Binaries {
    /// Cargo builds them.
    Build {
        /// Uses the release profile, as for a deployment: slow to build, fast to run.
        release: bool,
    },
    /// A folder has them.
    Dir(PathBuf),
}

/// Options of a stack.
#[derive(Debug, Clone)]
pub struct Options {
    /// Path of the template.
    pub template: PathBuf,
    /// Port of the gateway; 0 for any free one.
    pub port: u16,
    /// Storage of the built-in emulators.
    pub data: Data,
    /// Address of the built-in DynamoDB, with the built-in S3 on the next port; `None` for any free ports.
    pub emulators: Option<SocketAddr>,
    /// Source of the functions' binaries.
    pub binaries: Binaries,
    /// Only function to run (its binary or logical id); `None` for all.
    pub only: Option<String>,
    /// Variables of the functions, with precedence over all others.
    pub variables: Variables,
    /// Origins whose pages may call the API and, unless `variables` override it, write with the cookie.
    pub origins: Origins,
    /// Suffix of the names of tables and buckets, so that several stacks can share an emulator.
    pub name_suffix: Option<String>,
    /// Destination of the functions' logs.
    pub log: Log,
    /// Proxy between the functions and the emulators.
    pub interceptor: Option<Arc<dyn Interceptor>>,
    /// External emulators, instead of the built-in ones.
    pub external: External,
    /// Credentials that the emulators accept.
    pub credentials: Credentials,
    /// Starts an environment of each function with the stack, which fails if a function does not start.
    pub prewarm: bool,
    /// Serves the page for a browser, besides the routes.
    pub page: bool,
    /// Builds a function again when its sources have changed, if cargo built it for development.
    pub rebuild: bool,
    /// Times at which the streams of tables are read and delivered to their functions.
    pub streams: Mode,
}

impl Options {
    /// Returns options for all functions of `template`, built for development, on any free port, with data in memory.
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
            page: false,
            rebuild: false,
            streams: Mode::Poll,
        }
    }
}
