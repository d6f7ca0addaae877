//! The settings of a function: environment variables, read once at start. Nothing else reads the environment.
//!
//! A missing or bad variable doesn't end the reading: all problems are reported together, each with the variable's name.

use std::cell::RefCell;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use tracing_subscriber::filter::LevelFilter;

use crate::domain::keys::KeySet;
use crate::domain::rate_limit::RateLimit;

/// The fewest bytes of an HS256 key (RFC 7518, section 3.2).
const MIN_SECRET_BYTES: usize = 32;

/// Reads variables and collects what is wrong with them.
pub struct Env<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: RefCell<Vec<String>>,
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

    fn required(&self, name: &str) -> Option<String> {
        let value = self.get(name);
        if value.is_none() {
            self.problem(name, "is not set");
        }
        value
    }

    fn parsed<T, E: fmt::Display>(
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
pub struct Settings {
    /// How tokens are verified.
    pub auth: AuthSettings,
    /// How many requests a caller has.
    pub rate_limit: RateLimit,
    /// What happens to requests while the rate limit table can't answer.
    pub rate_limit_on_error: OnError,
    /// The table of the rate limit's counters.
    pub rate_limit_table: String,
    /// The table of projects and files.
    pub projects_table: String,
    /// Origins whose pages may write with the cookie, in lower case.
    pub trusted_origins: Vec<String>,
}

/// How tokens are verified.
pub struct AuthSettings {
    /// The keys of tokens.
    pub keys: KeySource,
    /// What `iss` must be.
    pub issuer: String,
    /// What `aud` must contain.
    pub audience: String,
    /// The cookie that carries the token.
    pub cookie: String,
    /// How many seconds the clocks of issuer and service may differ.
    pub leeway: u64,
}

/// Where the keys are that tokens are verified with.
pub enum KeySource {
    /// `AUTH_JWT_SECRET`: the HS256 key, at least 32 bytes.
    Secret(Vec<u8>),
    /// `AUTH_JWKS`: a JWK set.
    Set(KeySet),
    /// `AUTH_JWKS_URL`: where the issuer serves a JWK set.
    Url(Uri),
}

/// What happens to requests while the rate limit table can't answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// They pass.
    Allow,
    /// They are answered 503.
    Deny,
}

impl Settings {
    /// Reads the settings that all functions have in common.
    #[must_use]
    pub fn read(env: &Env<'_>) -> Option<Self> {
        let auth = AuthSettings::read(env);
        let rate_limit = env.parsed("RATE_LIMIT", "10/10s", RateLimit::from_str);
        let rate_limit_on_error = env.parsed("RATE_LIMIT_ON_ERROR", "allow", OnError::parse);
        let rate_limit_table = env.required("RATE_LIMIT_TABLE");
        let projects_table = env.required("PROJECTS_TABLE");
        let trusted_origins = env.parsed("TRUSTED_ORIGINS", "", origins);
        Some(Self {
            auth: auth?,
            rate_limit: rate_limit?,
            rate_limit_on_error: rate_limit_on_error?,
            rate_limit_table: rate_limit_table?,
            projects_table: projects_table?,
            trusted_origins: trusted_origins?,
        })
    }
}

/// The least severe level that is logged (`LOG_LEVEL`, default `info`).
#[must_use]
pub fn log_level(env: &Env<'_>) -> Option<LevelFilter> {
    env.parsed("LOG_LEVEL", "info", |text| match text.to_ascii_lowercase().as_str() {
        "trace" => Ok(LevelFilter::TRACE),
        "debug" => Ok(LevelFilter::DEBUG),
        "info" => Ok(LevelFilter::INFO),
        "warn" => Ok(LevelFilter::WARN),
        "error" => Ok(LevelFilter::ERROR),
        "off" => Ok(LevelFilter::OFF),
        _ => Err("must be trace, debug, info, warn, error or off"),
    })
}

/// A PEM file with the certificate authorities to trust in place of Amazon's own (`AWS_CA_BUNDLE`).
#[must_use]
pub fn ca_bundle(env: &Env<'_>) -> Option<Vec<u8>> {
    let path = env.get("AWS_CA_BUNDLE")?;
    let bundle = std::fs::read(path);
    let bundle =
        bundle.inspect_err(|error| env.problem("AWS_CA_BUNDLE", format!("can't be read: {error}"))).ok()?;
    // The client would take any file, and then trust nobody.
    if CertificateDer::pem_slice_iter(&bundle).find_map(Result::ok).is_none() {
        env.problem("AWS_CA_BUNDLE", "has no certificate in PEM form");
    }
    Some(bundle)
}

/// What Lambda sets. Without it the runtime would panic, and the SDK would fail at the first request only.
pub fn require_lambda(env: &Env<'_>) {
    if env.get("AWS_LAMBDA_RUNTIME_API").is_none() {
        return env.problem(
            "AWS_LAMBDA_RUNTIME_API",
            "is not set: this is a Lambda function, `cargo run -p local` starts it locally",
        );
    }
    for name in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        // The value is read by the SDK itself; only its absence is of interest here.
        let _present = env.required(name);
    }
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3"] {
        if env.get(name).is_some_and(|url| !is_http(&url)) {
            env.problem(name, "must be an http or https URL");
        }
    }
}

/// Whether the text is an absolute URL of HTTP, by its form.
fn is_http(text: &str) -> bool {
    text.parse::<Uri>()
        .is_ok_and(|url| matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some())
}

impl AuthSettings {
    fn read(env: &Env<'_>) -> Option<Self> {
        let keys = KeySource::read(env);
        let issuer = env.required("AUTH_ISSUER");
        let audience = env.required("AUTH_AUDIENCE");
        let cookie = env.parsed("AUTH_COOKIE", "auth", cookie_name);
        let leeway = env.parsed("AUTH_LEEWAY_SECONDS", "5", leeway_seconds);
        Some(Self { keys: keys?, issuer: issuer?, audience: audience?, cookie: cookie?, leeway: leeway? })
    }
}

impl KeySource {
    const SECRET: &str = "AUTH_JWT_SECRET";
    const SET: &str = "AUTH_JWKS";
    const URL: &str = "AUTH_JWKS_URL";

    /// Exactly one of the three variables must be set: with two, a token could be good by either of them.
    fn read(env: &Env<'_>) -> Option<Self> {
        let [secret, set, url] = [Self::SECRET, Self::SET, Self::URL].map(|name| env.get(name));
        match (secret, set, url) {
            (Some(secret), None, None) => Self::secret(env, secret),
            (None, Some(set), None) => {
                env.parsed(Self::SET, "", |_| KeySet::parse(set.as_bytes())).map(Self::Set)
            }
            (None, None, Some(_)) => env.parsed(Self::URL, "", issuer_url).map(Self::Url),
            (None, None, None) => {
                env.problem(Self::SECRET, "is not set, nor is AUTH_JWKS or AUTH_JWKS_URL");
                None
            }
            (secret, _, url) => {
                let first = if secret.is_some() { Self::SECRET } else { Self::SET };
                let other = if url.is_some() { Self::URL } else { Self::SET };
                env.problem(first, format!("can't be set together with {other}"));
                None
            }
        }
    }

    fn secret(env: &Env<'_>, secret: String) -> Option<Self> {
        if secret.len() < MIN_SECRET_BYTES {
            env.problem(Self::SECRET, format!("must have at least {MIN_SECRET_BYTES} bytes"));
            return None;
        }
        Some(Self::Secret(secret.into_bytes()))
    }
}

impl OnError {
    fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "allow" => Ok(Self::Allow),
            "deny" => Ok(Self::Deny),
            _ => Err("must be allow or deny"),
        }
    }
}

/// RFC 6265, section 4.1.1: a cookie's name is a token.
fn cookie_name(text: &str) -> Result<String, &'static str> {
    let is_token = |byte: u8| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&byte);
    let fits = !text.is_empty() && text.bytes().all(is_token);
    fits.then(|| text.to_owned()).ok_or("must be a cookie name")
}

/// Keys that come over an open network could be anybody's, so that only this machine may serve them without TLS.
fn issuer_url(text: &str) -> Result<Uri, &'static str> {
    let url: Option<Uri> = text.parse().ok().filter(|_| is_http(text) && !text.contains('@'));
    let host = url.as_ref().and_then(Uri::host).unwrap_or_default();
    let safe = url.as_ref().and_then(Uri::scheme_str) == Some("https") || is_loopback(host);
    url.filter(|_| safe)
        .ok_or("must be an https URL, or an http one of this machine (localhost, 127.0.0.1, [::1])")
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn leeway_seconds(text: &str) -> Result<u64, &'static str> {
    digits(text).filter(|seconds| *seconds <= 300).ok_or("must be a number of seconds from 0 to 300")
}

/// A whole number written in digits only: `parse` would take a sign as well.
fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// RFC 6454, section 6.2: scheme, host and, unless it is the default, port; no path.
fn origins(list: &str) -> Result<Vec<String>, String> {
    let origins = list.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    origins
        .map(
            |origin| {
                if is_origin(origin) { Ok(origin.to_ascii_lowercase()) } else { Err(not_an_origin(origin)) }
            },
        )
        .collect()
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    is_http(text) && host.is_some_and(|host| !host.contains(['/', '?', '#', '@', '*']))
}

fn not_an_origin(text: &str) -> String {
    format!("must be comma-separated origins, such as https://app.example.com, and {text} is none")
}

/// What functions that store files need to know besides.
#[cfg(feature = "uploads")]
pub mod uploads {
    use super::Env;
    use crate::domain::AllowedTypes;

    /// Lambda's request of 6 MB, in base64 and beside its headers, holds no larger file.
    const MOST_BYTES: usize = 4_500_000;

    /// Where files go.
    pub struct BucketSettings {
        /// The bucket of the files.
        pub bucket: String,
        /// Whether the bucket is named in the path: other endpoints than AWS's own have no host name for each bucket.
        pub path_style: bool,
    }

    impl BucketSettings {
        /// Reads where files go.
        #[must_use]
        pub fn read(env: &Env<'_>) -> Option<Self> {
            let own_endpoint =
                ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"].iter().any(|name| env.get(name).is_some());
            Some(Self { bucket: env.required("UPLOADS_BUCKET")?, path_style: own_endpoint })
        }
    }

    /// Which files may be uploaded.
    pub struct UploadLimits {
        /// The largest file in bytes.
        pub max_bytes: usize,
        /// The media types that may be stored.
        pub allowed_types: AllowedTypes,
    }

    /// The media types of files that may be stored unless the settings say otherwise.
    pub const DEFAULT_TYPES: &str =
        "image/png,image/jpeg,image/gif,image/webp,application/pdf,text/plain,text/csv";

    impl UploadLimits {
        /// Reads which files may be uploaded.
        #[must_use]
        pub fn read(env: &Env<'_>) -> Option<Self> {
            let max_bytes = env.parsed("UPLOAD_MAX_BYTES", "4194304", max_bytes);
            let allowed_types = env.parsed("UPLOAD_ALLOWED_TYPES", DEFAULT_TYPES, AllowedTypes::parse);
            Some(Self { max_bytes: max_bytes?, allowed_types: allowed_types? })
        }
    }

    fn max_bytes(text: &str) -> Result<usize, String> {
        let bytes = text.parse().ok().filter(|bytes| (1..=MOST_BYTES).contains(bytes));
        bytes.ok_or_else(|| format!("must be a number of bytes from 1 to {MOST_BYTES}"))
    }
}

#[cfg(test)]
mod tests;
