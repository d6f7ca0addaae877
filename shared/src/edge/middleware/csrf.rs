//! CSRF: requests that another site starts with the user's cookie. Bearer requests are exempt, because browsers never add
//! the token by themselves.

use crate::config::TrustedOrigins;
use crate::edge::error::{Error, Result};
use crate::edge::request::Request;

/// Checks that a write comes from the same origin, a trusted one or no site (OWASP's Cross-Site Request Forgery Prevention
/// Cheat Sheet, "Fetch Metadata").
pub(crate) fn check_write(request: &Request, trusted: &TrustedOrigins) -> Result<()> {
    let origin = request.header("origin");
    let passes = origin.is_some_and(|origin| trusted.contains(origin))
        || match request.header("sec-fetch-site") {
            Some(site) => matches!(site, "same-origin" | "none"),
            // Older browsers send no Fetch Metadata, but the origin of every write.
            None => origin.is_none_or(|origin| same_host(origin, request)),
        };
    passes.then_some(()).ok_or(Error::CrossSite)
}

/// Checks that no page of another site embeds a read as an image, a script or a frame, because that would use up the user's
/// rate limit (Fetch Metadata's resource isolation policy). CORS decides which sites may read the response.
pub(crate) fn check_read(request: &Request) -> Result<()> {
    let metadata = |name| request.header(name).unwrap_or_default();
    let passes = metadata("sec-fetch-site") != "cross-site"
        // A read has an origin only if it uses CORS.
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
