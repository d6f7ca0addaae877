//! `local token`: prints a token to standard output.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use local::environment;
use local::token::Issuer;

use crate::arguments::Token;

/// Prints a token that the functions of a stack with this environment accept.
pub(crate) fn token(arguments: &Token) -> Result<ExitCode> {
    let lifetime = Duration::from_secs(arguments.expires_in);
    let token = issuer()?.token(&arguments.user, &arguments.orgs, &arguments.roles, lifetime)?;
    writeln!(std::io::stdout(), "{token}").context("can't print the token")?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the issuer that the functions of a stack with this environment trust.
pub(super) fn issuer() -> Result<Issuer> {
    let issuer = Issuer::trusted_by(&environment::snapshot());
    issuer.context("AUTH_JWKS, AUTH_JWKS_URL or AUTH_ISSUER is set: get tokens from that issuer")
}
