//! How tests start a stack. What must stay out: what they ask of it.

use super::{binaries::binaries, workspace::workspace};
use anyhow::Result;
use local::engines::{Data, External};
use local::environment;
use local::lambda::Log;
use local::stack::{Binaries, Options, Stack};
use uuid::Uuid;

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
