//! Requests that another site started with the user's cookie. Bearer tokens are never sent by a browser on its own, so
//! requests with one are not looked at.

use crate::config::TrustedOrigins;
use crate::edge::error::{Error, Result};
use crate::edge::request::Request;

/// Passes a write that the own site, a trusted one or no site at all started (OWASP's Cross-Site Request Forgery
/// Prevention Cheat Sheet, "Fetch Metadata").
pub(crate) fn check_write(request: &Request, trusted: &TrustedOrigins) -> Result<()> {
    let origin = request.header("origin");
    let passes = origin.is_some_and(|origin| trusted.contains(origin))
        || match request.header("sec-fetch-site") {
            Some(site) => matches!(site, "same-origin" | "none"),
            // Older browsers send no Fetch Metadata, but tell the origin of every write.
            None => origin.is_none_or(|origin| same_host(origin, request)),
        };
    passes.then_some(()).ok_or(Error::CrossSite)
}

/// Passes a read, unless a page of another site embeds it as an image, a script or a frame, which would spend the
/// user's requests (Fetch Metadata's resource isolation policy). Who may read the answer, CORS decides.
pub(crate) fn check_read(request: &Request) -> Result<()> {
    let metadata = |name| request.header(name).unwrap_or_default();
    let passes = metadata("sec-fetch-site") != "cross-site"
        // Of reads, only those by CORS have an origin.
        || request.header("origin").is_some()
        || match metadata("sec-fetch-mode") {
            "cors" => true,
            "navigate" => matches!(metadata("sec-fetch-dest"), "document" | ""),
            _ => false,
        };
    passes.then_some(()).ok_or(Error::CrossSite)
}

fn same_host(origin: &str, request: &Request) -> bool {
    let host = origin.split_once("://").map(|(_, host)| host);
    host.zip(request.header("host")).is_some_and(|(origin, host)| origin.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests;
