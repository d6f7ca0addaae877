//! `local event`: prints the event of a function's example.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use local::example::{Example, ORGANIZATION};
use local::template::Template;
use serde_json::Value;

use super::token::issuer;
use crate::arguments::Event;

/// Lifetime of the token in an event. It is long, because events are kept in files.
const LIFETIME: Duration = Duration::from_hours(50 * 365 * 24);

/// Prints the event.
pub(crate) fn event(arguments: &Event) -> Result<ExitCode> {
    let template = Template::load(&super::template(arguments.template.as_deref())?)?;
    let event: Value = serde_json::from_str(&example_event(&template, &arguments.function)?)?;
    writeln!(std::io::stdout(), "{event:#}").context("can't print the event")?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the event of this function's example, with the user `alice`.
pub(super) fn example_event(template: &Template, function: &str) -> Result<String> {
    let example = Example::load(template, function)?;
    let token = issuer()?.token("alice", &[ORGANIZATION.to_owned()], &example.roles, LIFETIME)?;
    example.seeded(template)?.event(&token)
}
