//! Settings of a function: environment variables, read once at startup. No other module reads the environment.
//!
//! All missing and invalid variables are reported together, each by its name.

mod auth;
mod aws;
mod log;
mod origin;
mod origins;
mod secrets;
pub mod uploads;

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::Uri;

pub use self::auth::{
    Audience, AuthSettings, ClaimPath, Discovery, KeySetSource, KeySources, TENANT_ID, key_set_url,
};
pub use self::aws::AwsSettings;
pub use self::log::LogSettings;
pub use self::origin::OriginSecrets;
pub use self::origins::TrustedOrigins;
use crate::domain::ParseError;
use crate::domain::rate_limit::RateLimitPolicy;

/// Environment variables, and the problems with them.
///
/// A store or an application reads its settings from it:
///
/// ```
/// use shared::config::Env;
///
/// let lookup = |name: &str| (name == "NOTES_TABLE").then(|| "notes".to_owned());
/// let settings = Env::read(&lookup, |env| {
///     let (table, limit) = (env.required("NOTES_TABLE"), env.parsed::<u32>("NOTES_LIMIT", "100"));
///     Some((table?, limit?))
/// });
/// assert_eq!(settings, Ok(("notes".to_owned(), 100)));
/// ```
pub struct Env<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: RefCell<Vec<String>>,
}

impl fmt::Debug for Env<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env").field("problems", &self.problems).finish_non_exhaustive()
    }
}

/// Problems with variables, each with the variable's name. The function exits at startup.
#[derive(Debug, PartialEq, Eq)]
pub struct Problems(Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl std::error::Error for Problems {}

/// Returns the variable of this name from the environment of the process.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn process_variable(name: &str) -> Option<String> {
    // Replaced characters make a value that is not UTF-8 invalid. Otherwise it would count as missing.
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
    /// All problems that `read` reported.
    pub fn read<T>(
        lookup: &'a dyn Fn(&str) -> Option<String>,
        read: impl FnOnce(&Self) -> Option<T>,
    ) -> Result<T, Problems> {
        let env = Self { lookup, problems: RefCell::default() };
        let value = read(&env);
        let problems = env.problems.into_inner();
        value.filter(|_| problems.is_empty()).ok_or(Problems(problems))
    }

    /// Returns the value of a variable. An empty value counts as not set, because a template can't omit a variable.
    ///
    /// ```
    /// # use shared::config::Env;
    /// let lookup = |_: &str| Some(String::new());
    /// let topic = Env::read(&lookup, |env| Some(env.get("NOTES_TOPIC")));
    /// assert_eq!(topic, Ok(None));
    /// ```
    pub fn get(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.is_empty())
    }

    /// Reports a problem with a variable.
    ///
    /// ```
    /// # use shared::config::Env;
    /// let lookup = |_: &str| Some("http://hooks.example".to_owned());
    /// let url = Env::read(&lookup, |env| {
    ///     let url = env.required("NOTES_HOOK")?;
    ///     if !url.starts_with("https:") {
    ///         env.problem("NOTES_HOOK", "must be an https URL");
    ///     }
    ///     Some(url)
    /// });
    /// assert_eq!(url.unwrap_err().to_string(), "NOTES_HOOK must be an https URL");
    /// ```
    pub fn problem(&self, name: &str, problem: impl fmt::Display) {
        self.problems.borrow_mut().push(format!("{name} {problem}"));
    }

    /// Returns the value of a variable that must be set. Reports a problem if it isn't.
    ///
    /// ```
    /// # use shared::config::Env;
    /// let table = Env::read(&|_| None, |env| env.required("NOTES_TABLE"));
    /// assert_eq!(table.unwrap_err().to_string(), "NOTES_TABLE is not set");
    /// ```
    pub fn required(&self, name: &str) -> Option<String> {
        let value = self.get(name);
        if value.is_none() {
            self.problem(name, "is not set");
        }
        value
    }

    /// Parses a variable, or `default` if it isn't set. Reports a problem if the text is invalid.
    ///
    /// ```
    /// use shared::config::Env;
    /// use shared::domain::AllowedTypes;
    ///
    /// let lookup = |_: &str| Some(",".to_owned());
    /// let types = Env::read(&lookup, |env| env.parsed::<AllowedTypes>("NOTES_TYPES", "text/plain"));
    /// assert_eq!(types.unwrap_err().to_string(), "NOTES_TYPES must name at least one media type");
    /// ```
    pub fn parsed<T: FromStr<Err: fmt::Display>>(&self, name: &str, default: &str) -> Option<T> {
        self.parsed_with(name, default, T::from_str)
    }

    /// Parses a variable like [`Env::parsed`], with a function, for values without a type of their own.
    ///
    /// ```
    /// use shared::config::Env;
    /// use shared::domain::ParseError;
    ///
    /// fn days(text: &str) -> Result<u16, ParseError> {
    ///     let days = text.parse().ok().filter(|days| (1..=365).contains(days));
    ///     days.ok_or_else(|| ParseError::new("must be a number of days from 1 to 365"))
    /// }
    ///
    /// let days = Env::read(&|_| None, |env| env.parsed_with("NOTES_DAYS", "30", days));
    /// assert_eq!(days, Ok(30));
    /// ```
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

/// Settings that all functions have.
#[derive(Debug)]
pub struct Settings {
    /// Settings of authentication.
    pub auth: AuthSettings,
    /// `RATE_LIMIT`: the policy of each caller and function.
    pub rate_limit: RateLimitPolicy,
    /// `ORG_RATE_LIMIT`: the policy of each organization and function, if there is one.
    pub org_rate_limit: Option<RateLimitPolicy>,
    /// `RATE_LIMIT_TIMEOUT_MS`: the maximum time of counting a request.
    pub rate_limit_timeout: Duration,
    /// `RATE_LIMIT_ON_ERROR`: behavior while the table is unavailable.
    pub rate_limit_failure_mode: FailureMode,
    /// `RATE_LIMIT_TABLE`: the table of counters.
    pub rate_limit_table: String,
    /// `ORIGIN_SECRET` and `ORIGIN_SECRET_PREVIOUS`: what the proxy in front of the API proves itself with, if there is
    /// one.
    pub origin_secrets: OriginSecrets,
    /// `TRUSTED_ORIGINS`: origins whose pages may write with the cookie.
    pub trusted_origins: TrustedOrigins,
}

/// Behavior of the rate limit while its table is unavailable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureMode {
    /// Fails open: requests pass.
    Open,
    /// Fails closed: requests get a 503.
    Closed,
}

impl Settings {
    /// Reads the settings.
    #[must_use]
    pub fn from_env(env: &Env<'_>) -> Option<Self> {
        let auth = AuthSettings::from_env(env);
        let rate_limit = env.parsed("RATE_LIMIT", "10/10s");
        let org_rate_limit = optional_policy(env, "ORG_RATE_LIMIT");
        let rate_limit_timeout = env.parsed_with("RATE_LIMIT_TIMEOUT_MS", "600", counting_time);
        let rate_limit_failure_mode = env.parsed("RATE_LIMIT_ON_ERROR", "allow");
        let rate_limit_table = env.required("RATE_LIMIT_TABLE");
        let origin_secrets = OriginSecrets::from_env(env);
        let trusted_origins = env.parsed("TRUSTED_ORIGINS", "");
        Some(Self {
            auth: auth?,
            rate_limit: rate_limit?,
            org_rate_limit,
            rate_limit_timeout: rate_limit_timeout?,
            rate_limit_failure_mode: rate_limit_failure_mode?,
            rate_limit_table: rate_limit_table?,
            origin_secrets: origin_secrets?,
            trusted_origins: trusted_origins?,
        })
    }
}

fn optional_policy(env: &Env<'_>, name: &str) -> Option<RateLimitPolicy> {
    env.get(name)?;
    env.parsed(name, "")
}

fn counting_time(text: &str) -> Result<Duration, ParseError> {
    let millis = digits(text).filter(|millis| (100..=4000).contains(millis));
    let time = millis.map(Duration::from_millis);
    time.ok_or_else(|| ParseError::new("must be a number of milliseconds from 100 to 4000"))
}

/// Returns `true` if the text has the form of an absolute `http` or `https` URL.
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

/// Parses digits. `u64::from_str` would also accept a plus sign.
fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
