//! Requests that may use the page: those of this machine's own host names, and writes of the page itself.
//!
//! A foreign host name that resolves to 127.0.0.1 (DNS rebinding) would make another site the page's origin.

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, StatusCode};

use super::Failure;

/// Host names that no other site can have. Their ports are free, because a container or an editor may forward another one.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Header in which browsers say where a request comes from.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Checks the host of a request and, of a write, its origin.
pub(super) fn check(headers: &HeaderMap, is_write: bool) -> Result<(), Failure> {
    let Some(host) = host(headers) else {
        let message = "The page of the local stack opens as localhost or 127.0.0.1 only.";
        return Err((StatusCode::FORBIDDEN, message.to_owned()));
    };
    if is_write && !is_same_origin(headers, host) {
        return Err((StatusCode::FORBIDDEN, "Only the page itself signs in and out.".to_owned()));
    }
    Ok(())
}

/// Returns the `Host` of a request, with its port, if it is a name of this machine.
pub(super) fn host(headers: &HeaderMap) -> Option<&str> {
    let host = single(headers, &HOST)?;
    let authority: Authority = host.parse().ok()?;
    let is_local = LOOPBACK.contains(&authority.host()) && !host.contains('@');
    is_local.then_some(host)
}

fn is_same_origin(headers: &HeaderMap, host: &str) -> bool {
    if headers.contains_key(SEC_FETCH_SITE) {
        return single(headers, &SEC_FETCH_SITE) == Some("same-origin");
    }
    let own = format!("http://{host}");
    !headers.contains_key(ORIGIN) || single(headers, &ORIGIN) == Some(&own)
}

/// Returns the value of a header that occurs once.
fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())?.to_str().ok()
}
