//! Log: one JSON line per request, with the cause of an error, which callers never see.

use std::error::Error as _;
use std::time::Duration;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::edge::error::Error;
use crate::edge::response::Response;

/// Fields of a request's log line.
#[derive(Default)]
pub(crate) struct RequestLog {
    pub(crate) user: Option<String>,
    pub(crate) organization: Option<String>,
    /// Reason why the token was refused.
    pub(crate) refused: Option<&'static str>,
}

/// Starts logging to standard output, where Lambda picks it up.
pub(crate) fn init(level: LevelFilter) {
    // On TRACE other crates log whole requests, with tokens and bodies.
    let others = level.min(LevelFilter::DEBUG);
    let levels = Targets::new().with_default(others).with_target(env!("CARGO_CRATE_NAME"), level);
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false);
    tracing_subscriber::registry().with(lines).with(levels).init();
}

/// Logs a request. The cause of an error is logged here only.
pub(crate) fn request(
    id: &str,
    route: &str,
    log_fields: &RequestLog,
    outcome: &Result<Response, Error>,
    took: Duration,
) {
    let (status, code) = match outcome {
        Ok(response) => (response.status, None),
        Err(error) => (error.code().status(), Some(error.code().as_str())),
    };
    let error = outcome.as_ref().err().filter(|error| error.source().is_some()).map(error_chain);
    let (status, duration_ms) = (status.as_u16(), took.as_secs_f64() * 1000.0);
    let (user, org, refused) =
        (log_fields.user.as_deref(), log_fields.organization.as_deref(), log_fields.refused);
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                request_id = id,
                route,
                status,
                code,
                refused,
                user,
                org,
                duration_ms,
                error,
                "request"
            )
        };
    }
    if status >= 500 {
        line!(error);
    } else {
        line!(info);
    }
}

/// Joins an error and all its causes into one text.
pub(crate) fn error_chain(error: &(impl std::error::Error + ?Sized)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
