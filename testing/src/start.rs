//! Options of the stacks that tests start.

use std::path::PathBuf;

use anyhow::{Context, Result};
use local::emulators::{Data, External};
use local::environment;
use local::lambda::Log;
use local::stack::{Binaries, Options};
use local::streams::Mode;
use uuid::Uuid;

use super::binaries::{binaries, example};
use super::workspace::workspace;

/// Path of the template of the specimen functions, whose binary is an example of the platform.
pub const SPECIMENS: &str = "shared/examples/specimens/template.yaml";

/// Returns options of a stack of the real template with these `variables` for the functions, on a free port, with its logs
/// captured.
///
/// Its data is in memory. If `AWS_ENDPOINT_URL_DYNAMODB` or `AWS_ENDPOINT_URL_S3` is set, the stack uses that emulator
/// instead, with tables and buckets of its own.
///
/// # Errors
/// The functions can't be built.
pub fn options(variables: &[(&str, &str)]) -> Result<Options> {
    Ok(of(workspace().join("template.yaml"), binaries()?, variables))
}

/// Returns options of a stack of the platform's specimen functions.
///
/// # Errors
/// The functions can't be built.
pub fn specimen_options(variables: &[(&str, &str)]) -> Result<Options> {
    let binary = example("shared", "specimens")?;
    let folder = binary.parent().context("the specimens are in no folder")?;
    Ok(of(workspace().join(SPECIMENS), folder.to_owned(), variables))
}

fn of(template: PathBuf, binaries: PathBuf, variables: &[(&str, &str)]) -> Options {
    let mut options = external(Options::new(template));
    options.binaries = Binaries::Dir(binaries);
    options.data = Data::Memory;
    options.log = Log::Capture;
    // A test calls `Stack::settle_streams` where it needs the effects, so the calls that it counts are its own.
    options.streams = Mode::Manual;
    options.variables =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    options
}

/// Adds the emulators that this process's variables name, if any, and unique names of tables and buckets for them.
#[must_use]
pub fn external(mut options: Options) -> Options {
    let external = External::from_environment();
    let shared = external.any();
    options.credentials = environment::credentials(shared);
    options.name_suffix = shared.then(|| Uuid::new_v4().simple().to_string());
    options.external = external;
    options
}
