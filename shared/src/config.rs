//! The settings of a function: environment variables, read once at start. Nothing else reads the environment.
//!
//! A missing or bad variable doesn't end the reading: all problems are reported together, each with the variable's name.

mod auth;
mod aws;

mod origins;
pub mod uploads;

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;

use http::Uri;
use tracing_subscriber::filter::LevelFilter;

pub use self::auth::{
    Audience, AuthSettings, ClaimPath, Discovery, KeySetSource, KeySources, TENANT_ID, key_set_url,
};
pub use self::aws::AwsSettings;
pub use self::origins::TrustedOrigins;
use crate::domain::ParseError;
use crate::domain::rate_limit::RateLimitPolicy;

/// Reads variables and collects what is wrong with them.
pub struct Env<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: RefCell<Vec<String>>,
}

impl fmt::Debug for Env<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env").field("problems", &self.problems).finish_non_exhaustive()
    }
}

/// What keeps a function from starting, each problem with the name of its variable.
#[derive(Debug, PartialEq, Eq)]
pub struct Problems(Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl std::error::Error for Problems {}

/// The variable of this name in the environment of the process.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn process_variable(name: &str) -> Option<String> {
    // A value that is not UTF-8 is kept in replaced form, so that it is refused as bad and not ignored as missing.
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Returns `true` if this is the first argument of the process.
#[must_use]
pub fn is_process_argument(argument: &str) -> bool {
    std::env::args_os().nth(1).is_some_and(|first| first == argument)
}

impl<'a> Env<'a> {
    /// Runs `read` on the variables that `lookup` finds.
    ///
    /// # Errors
    ///
    /// All problems that came up while reading.
    pub fn read<T>(
        lookup: &'a dyn Fn(&str) -> Option<String>,
        read: impl FnOnce(&Self) -> Option<T>,
    ) -> Result<T, Problems> {
        let env = Self { lookup, problems: RefCell::default() };
        let value = read(&env);
        let problems = env.problems.into_inner();
        value.filter(|_| problems.is_empty()).ok_or(Problems(problems))
    }

    /// The value of a variable; an empty one counts as not set, as a template can't leave one out.
    pub fn get(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// Reports a problem with a variable.
    pub fn problem(&self, name: &str, problem: impl fmt::Display) {
        self.problems.borrow_mut().push(format!("{name} {problem}"));
    }

    /// Returns the value of a variable that must be set; reports a problem if it isn't.
    pub fn required(&self, name: &str) -> Option<String> {
        let value = self.get(name);
        if value.is_none() {
            self.problem(name, "is not set");
        }
        value
    }

    /// Parses a variable, or `default` if it isn't set. Reports a problem if the text is invalid.
    pub fn parsed<T: FromStr<Err: fmt::Display>>(&self, name: &str, default: &str) -> Option<T> {
        self.parsed_with(name, default, T::from_str)
    }

    /// Parses a variable like [`Env::parsed`], with a function. For values whose type has no `FromStr` of its own.
    pub fn parsed_with<T, E: fmt::Display>(
        &self,
        name: &str,
        default: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.get(name).unwrap_or_else(|| default.to_owned());
        parse(text.trim()).inspect_err(|problem| self.problem(name, problem)).ok()
    }
}

/// What every function needs to know.
#[derive(Debug)]
pub struct Settings {
    /// How tokens are verified.
    pub auth: AuthSettings,
    /// How many requests a caller has.
    pub rate_limit: RateLimitPolicy,
    /// What happens to requests while the rate limit table is unavailable.
    pub rate_limit_failure_mode: FailureMode,
    /// The table of the rate limit's counters.
    pub rate_limit_table: String,
    /// Origins whose pages may write with the cookie.
    pub trusted_origins: TrustedOrigins,
}

/// What happens to requests while the rate limit table is unavailable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureMode {
    /// They pass.
    Open,
    /// They are answered 503.
    Closed,
}

impl Settings {
    /// Reads the settings that all functions have in common.
    #[must_use]
    pub fn from_env(env: &Env<'_>) -> Option<Self> {
        let auth = AuthSettings::from_env(env);
        let rate_limit = env.parsed("RATE_LIMIT", "10/10s");
        let rate_limit_failure_mode = env.parsed("RATE_LIMIT_ON_ERROR", "allow");
        let rate_limit_table = env.required("RATE_LIMIT_TABLE");
        let trusted_origins = env.parsed("TRUSTED_ORIGINS", "");
        Some(Self {
            auth: auth?,
            rate_limit: rate_limit?,
            rate_limit_failure_mode: rate_limit_failure_mode?,
            rate_limit_table: rate_limit_table?,
            trusted_origins: trusted_origins?,
        })
    }
}

/// The least severe level that is logged (`LOG_LEVEL`, default `info`).
#[must_use]
pub fn log_level(env: &Env<'_>) -> Option<LevelFilter> {
    env.parsed_with("LOG_LEVEL", "info", |text| match text.to_ascii_lowercase().as_str() {
        "trace" => Ok(LevelFilter::TRACE),
        "debug" => Ok(LevelFilter::DEBUG),
        "info" => Ok(LevelFilter::INFO),
        "warn" => Ok(LevelFilter::WARN),
        "error" => Ok(LevelFilter::ERROR),
        "off" => Ok(LevelFilter::OFF),
        _ => Err(ParseError::new("must be trace, debug, info, warn, error or off")),
    })
}

/// Whether the text is an absolute URL of HTTP, by its form.
fn is_http(text: &str) -> bool {
    text.parse::<Uri>()
        .is_ok_and(|url| matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some())
}

impl FromStr for FailureMode {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "allow" => Ok(Self::Open),
            "deny" => Ok(Self::Closed),
            _ => Err(ParseError::new("must be allow or deny")),
        }
    }
}

/// A whole number written in digits only: `parse` would take a sign as well.
fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
