//! `local new` and `local remove`: add or remove routes, and update the files generated from the functions' descriptions.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use local::environment;
use local::scaffold::Workspace;
use local::terminal;

use super::describe;
use crate::arguments::{Describe, New, Remove};

/// Adds a route and updates the generated files.
pub(crate) async fn new(arguments: New) -> Result<ExitCode> {
    let template = super::template(arguments.template.as_deref())?;
    let name = arguments.function;
    Workspace::read(&template)?.add(&name, &arguments.method, &arguments.path)?;
    format(&template, &name)?;
    terminal::say(&format!(
        "wrote functions/{name} and its block in template.yaml; for the next steps see docs/ADD_A_ROUTE.md"
    ));
    describe(&Describe { template: Some(template) }).await
}

/// Removes functions and updates the generated files.
pub(crate) async fn remove(arguments: Remove) -> Result<ExitCode> {
    let template = super::template(arguments.template.as_deref())?;
    Workspace::read(&template)?.remove(&arguments.functions)?;
    describe(&Describe { template: Some(template) }).await
}

/// Formats the new function if rustfmt is installed, because line breaks depend on the length of its names.
fn format(template: &Path, name: &str) -> Result<()> {
    let cargo = environment::variable("CARGO").unwrap_or_else(|| "cargo".to_owned());
    let folder = template.parent().context("the template is in no folder")?;
    let mut command = Command::new(cargo);
    command.args(["fmt", "--package", name]).current_dir(folder).stderr(Stdio::null());
    command.status().context("can't run cargo").map(drop)
}
