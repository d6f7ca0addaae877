//! What the command line asks for, one file a command. What must stay out: parsing arguments.

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

/// This template, or the nearest one.
fn template(named: Option<&Path>) -> Result<PathBuf> {
    match named {
        Some(path) => Ok(path.to_owned()),
        None => Template::find(&std::env::current_dir().context("there is no current folder")?),
    }
}

/// The options that all commands share: this process's environment decides about functions and emulators.
fn options(build: &Build) -> Result<Options> {
    let path = template(build.template.as_deref())?;
    let template = Template::load(&path)?;
    let external = External::from_environment();
    let mut options = Options::new(path);
    options.binaries = match &build.binaries {
        // The functions run in another folder, where a relative path would lead elsewhere.
        Some(folder) => Binaries::Dir(std::path::absolute(folder).context("there is no current folder")?),
        None => Binaries::Build { release: build.release },
    };
    options.variables = overrides(&template, environment::snapshot());
    if let Some(origins) = environment::variable("CORS_ORIGINS") {
        options.origins = origins.parse().context("CORS_ORIGINS")?;
    }
    options.credentials = environment::credentials(external.any());
    options.external = external;
    options.log = Log::Print;
    options.prewarm = true;
    Ok(options)
}
