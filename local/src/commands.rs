//! Commands of the command line, one file each.

mod describe;
mod event;
mod invoke;
mod loadtest;
mod scaffold;
mod serve;
mod token;

pub(crate) use describe::describe;
pub(crate) use event::event;
pub(crate) use invoke::invoke;
pub(crate) use loadtest::loadtest;
pub(crate) use scaffold::{new, remove};
pub(crate) use serve::serve;
pub(crate) use token::token;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use local::emulators::External;
use local::environment;
use local::lambda::{Log, overrides};
use local::stack::{Binaries, Options};
use local::template::Template;

use crate::arguments::Build;

/// Returns the named template, or the nearest one.
fn template(named: Option<&Path>) -> Result<PathBuf> {
    match named {
        Some(path) => Ok(path.to_owned()),
        None => Template::find(&std::env::current_dir().context("there is no current folder")?),
    }
}

/// Returns the options that all commands share, from arguments and this process's environment.
fn options(build: &Build) -> Result<Options> {
    let path = template(build.template.as_deref())?;
    let template = Template::load(&path)?;
    let external = External::from_environment();
    let mut options = Options::new(path);
    options.binaries = match &build.binaries {
        // The functions run in another folder, so a relative path would not resolve.
        Some(folder) => Binaries::Dir(std::path::absolute(folder).context("there is no current folder")?),
        None => Binaries::Build { release: build.release },
    };
    options.variables = overrides(&template, environment::snapshot());
    if let Some(origins) = environment::variable("CORS_ORIGINS") {
        options.origins = origins.parse().context("CORS_ORIGINS")?;
    }
    options.credentials = environment::credentials(external.any());
    options.external = external;
    options.log = Log::Raw;
    options.prewarm = true;
    Ok(options)
}
