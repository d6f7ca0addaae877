//! Checks around every handler, in the order of [`pipeline`](super::pipeline): origin, CSRF, authentication and rate limit
//! before it, headers and the log line after it. What must stay out: anything that a route's author names.

pub(crate) mod auth;
pub(crate) mod csrf;
pub(crate) mod headers;
pub(crate) mod log;
pub(crate) mod origin;
pub(crate) mod rate_limit;
pub(crate) mod rate_limit_key;
