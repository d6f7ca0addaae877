//! Responses of successes and refusals.

use std::borrow::Cow;

use lambda_runtime::Error;
use serde::{Serialize, Serializer};

use crate::refusal::{Issue, RateLimitStatus, Refusal};

const ALWAYS: [(&str, &str); 8] = [
    ("content-type", "application/json"),
    ("cache-control", "no-store"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-resource-policy", "same-site"),
];

/// Response in the payload format 2.0.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Reply {
    pub(crate) status_code: u16,
    headers: Headers,
    pub(crate) body: String,
    is_base64_encoded: bool,
    cookies: [(); 0],
}

struct Headers(Vec<(&'static str, Cow<'static, str>)>);

impl Serialize for Headers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let always = ALWAYS.into_iter().map(|(name, value)| (name, Cow::Borrowed(value)));
        let own = self.0.iter().map(|(name, value)| (*name, Cow::Borrowed(&**value)));
        serializer.collect_map(always.chain(own))
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: Problem<'a>,
}

#[derive(Serialize)]
struct Problem<'a> {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issues: Option<&'a [Issue]>,
}

/// Returns the response of a success.
pub(crate) fn success(body: String, id: &str, rate_limit: Option<&RateLimitStatus>) -> Reply {
    let headers = headers(id, rate_limit);
    Reply { status_code: 200, headers: Headers(headers), body, is_base64_encoded: false, cookies: [] }
}

/// Returns the response of a refusal.
///
/// # Errors
/// None that can occur.
pub(crate) fn refuse(
    refusal: &Refusal,
    id: &str,
    rate_limit: Option<&RateLimitStatus>,
) -> Result<Reply, Error> {
    let (status_code, code, message) = refusal.parts();
    let mut problem = Problem { code, message, field: None, issues: None };
    let limited = if let Refusal::RateLimited(status) = refusal { Some(status) } else { rate_limit };
    let mut headers = headers(id, limited);
    match refusal {
        Refusal::Unauthorized { token_sent } => {
            let challenge = if *token_sent { "Bearer error=\"invalid_token\"" } else { "Bearer" };
            headers.push(("www-authenticate", challenge.into()));
        }
        Refusal::RateLimited(status) => headers.push(("retry-after", status.reset.to_string().into())),
        Refusal::Unavailable(_) => headers.push(("retry-after", "1".into())),
        Refusal::Invalid(issues) => {
            problem.field = issues.first().map(|issue| issue.path[0]);
            problem.issues = Some(issues);
        }
        Refusal::Forbidden | Refusal::Internal(_) => {}
    }
    let body = serde_json::to_string(&Envelope { error: problem })?;
    Ok(Reply { status_code, headers: Headers(headers), body, is_base64_encoded: false, cookies: [] })
}

fn headers(id: &str, rate_limit: Option<&RateLimitStatus>) -> Vec<(&'static str, Cow<'static, str>)> {
    let mut headers = Vec::with_capacity(4);
    headers.push(("x-request-id", id.to_owned().into()));
    if let Some(RateLimitStatus { requests, seconds, remaining, reset }) = rate_limit {
        headers.push(("ratelimit-policy", format!("\"default\";q={requests};w={seconds}").into()));
        headers.push(("ratelimit", format!("\"default\";r={remaining};t={reset}").into()));
    }
    headers
}
