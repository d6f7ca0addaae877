//! Settings of the log.

use std::net::SocketAddr;

use tracing::level_filters::LevelFilter;

use super::Env;
use crate::domain::ParseError;

/// Settings of the log lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSettings {
    /// Minimum level: `AWS_LAMBDA_LOG_LEVEL`, which Lambda sets from the function's configuration, else `LOG_LEVEL`.
    pub level: LevelFilter,
    /// `POWERTOOLS_SERVICE_NAME`, else the name of the function: the service of the lines and the metrics.
    pub service: String,
    /// `AWS_LAMBDA_FUNCTION_VERSION`.
    pub version: String,
    /// `AWS_XRAY_DAEMON_ADDRESS`, which takes traces. Lambda sets it while tracing is active.
    pub daemon: Option<SocketAddr>,
}

impl LogSettings {
    /// Reads the settings.
    #[must_use]
    pub fn from_env(env: &Env<'_>) -> Option<Self> {
        let [of_lambda, own] =
            ["AWS_LAMBDA_LOG_LEVEL", "LOG_LEVEL"].map(|name| env.parsed_with(name, "info", level));
        let of_lambda = env.get("AWS_LAMBDA_LOG_LEVEL").map(|_| of_lambda);
        let names = ["POWERTOOLS_SERVICE_NAME", "AWS_LAMBDA_FUNCTION_NAME"];
        Some(Self {
            level: of_lambda.unwrap_or(own)?,
            service: names.iter().find_map(|name| env.get(name)).unwrap_or_default(),
            daemon: env.get("AWS_XRAY_DAEMON_ADDRESS").and_then(|address| address.parse().ok()),
            version: env.get("AWS_LAMBDA_FUNCTION_VERSION").unwrap_or_default(),
        })
    }
}

fn level(text: &str) -> Result<LevelFilter, ParseError> {
    match text.to_ascii_lowercase().as_str() {
        "trace" => Ok(LevelFilter::TRACE),
        "debug" => Ok(LevelFilter::DEBUG),
        "info" => Ok(LevelFilter::INFO),
        "warn" => Ok(LevelFilter::WARN),
        "error" => Ok(LevelFilter::ERROR),
        // No line is fatal.
        "fatal" | "off" => Ok(LevelFilter::OFF),
        _ => Err(ParseError::new("must be trace, debug, info, warn, error, fatal or off")),
    }
}
