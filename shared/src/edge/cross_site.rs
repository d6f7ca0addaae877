//! Writes that another site started with the user's cookie (OWASP Cross-Site Request Forgery Prevention Cheat Sheet,
//! "Fetch Metadata"). Bearer tokens are never sent by a browser on its own, so requests with one are not looked at.

use super::error::{Error, Result};
use super::request::Request;
use crate::config::TrustedOrigins;

/// Passes a write that the own site, a trusted one or no site at all started.
pub(super) fn check(request: &Request, trusted: &TrustedOrigins) -> Result<()> {
    let origin = request.header("origin");
    let passes = origin.is_some_and(|origin| trusted.contains(origin))
        || match request.header("sec-fetch-site") {
            Some(site) => matches!(site, "same-origin" | "none"),
            // Older browsers send no Fetch Metadata, but tell the origin of every write.
            None => origin.is_none_or(|origin| same_host(origin, request)),
        };
    passes.then_some(()).ok_or(Error::CrossSite)
}

fn same_host(origin: &str, request: &Request) -> bool {
    let host = origin.split_once("://").map(|(_, host)| host);
    host.zip(request.header("host")).is_some_and(|(origin, host)| origin.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests;
