//! What tests of the functions build on: stacks that start fast, and a look at what goes to the engines.
//! What must stay out: anything that a running stack needs.

mod app;
mod binaries;
mod capacity;
mod client;
mod contract;
mod effects;
mod faults;
mod front;
mod hold;
mod issuer;
mod keys;
mod ports;
mod proxy;
mod rights;
mod spans;
mod storage;
mod tap;
mod tls;
mod tokens;

pub use app::{App, FORM, PNG, files, form, projects};
pub use binaries::binaries;
pub use client::{Answer, Client, Draft, at_once, side_by_side};
pub use faults::{Calls, Fault, Outage};
pub use front::Front;
pub use hold::{Hold, Moment};
pub use issuer::{Issuer, Serving};
pub use keys::{Scheme, SigningKey, jwks};
pub use ports::neighbouring_ports;
pub use rights::Right;
pub use spans::{Span, sequential};
pub use storage::Object;
pub use tap::{Call, Service, Tap};
pub use tls::Authority;
pub use tokens::{claims, in_seconds, signed};

use crate::engines::{Data, External};
use crate::environment;
use crate::lambda::Log;
use crate::stack::{Binaries, Options, Stack};
use anyhow::Result;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// The workspace's folder.
#[must_use]
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A stack of the real template with these `variables` for the functions, on a free port, with its logs kept.
///
/// Its data is in memory. When `AWS_ENDPOINT_URL_DYNAMODB` or `AWS_ENDPOINT_URL_S3` is set, it uses that engine
/// instead, with tables and buckets of its own.
///
/// # Errors
/// When the functions can't be built or the stack does not start.
pub async fn start(variables: &[(&str, &str)]) -> Result<Stack> {
    Stack::start(options(variables)?).await
}

/// The options behind [`start`], for tests that change some.
///
/// # Errors
/// When the functions can't be built.
pub fn options(variables: &[(&str, &str)]) -> Result<Options> {
    let mut options = external(Options::new(workspace().join("template.yaml")));
    options.binaries = Binaries::Dir(binaries()?);
    options.data = Data::Memory;
    options.log = Log::Capture;
    options.variables =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Ok(options)
}

/// These options with the engines that this process's environment names, if any, and names that no other test uses.
#[must_use]
pub fn external(mut options: Options) -> Options {
    let external = External::from_environment();
    let shared = external.any();
    options.credentials = environment::credentials(shared);
    options.name_suffix = shared.then(|| Uuid::new_v4().simple().to_string());
    options.external = external;
    options
}
