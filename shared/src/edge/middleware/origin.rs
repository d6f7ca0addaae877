//! Origin: the API behind a proxy such as CloudFront, which proves itself by a secret in a header.
//!
//! Only the proxy's own headers say what the gateway can't: the caller's address, and the host that the caller asked for.
//! Without the secret, anyone could set them, so they are ignored.

use std::net::IpAddr;

use crate::config::OriginSecrets;
use crate::edge::error::{Error, Result};
use crate::edge::request::Request;
use crate::warm_up;

/// Header with the secret. The proxy overwrites it, if a caller sends it.
const SECRET: &str = "x-origin-secret";

/// Header with the caller's address and port, as CloudFront adds it.
const VIEWER_ADDRESS: &str = "cloudfront-viewer-address";

/// Header with the `Host` of the caller's request, because the proxy sends the API's own.
const VIEWER_HOST: &str = "x-forwarded-host";

/// Header with CloudFront's id of the request, which its own log has, too.
const VIEWER_REQUEST: &str = "x-amz-cf-id";

/// Maximum length in characters of such an id. CloudFront's have 56.
const MAX_ID: usize = 100;

/// Name of the refusal in the log.
pub(crate) const REFUSED: &str = "origin";

/// Checks that the request came through the proxy, and believes its headers then. Returns CloudFront's id of the request.
/// Without secrets every request passes.
///
/// # Errors
///
/// [`Error::NotThroughProxy`] without the secret, or with another one.
pub(crate) fn check(secrets: &OriginSecrets, request: &mut Request) -> Result<Option<String>> {
    if !secrets.are_set() {
        return Ok(None);
    }
    // Taken out, so that no handler sees it.
    let secret = request.take_header(SECRET).unwrap_or_default();
    // A made-up request has no secret, because only its hash is known here.
    if !secrets.contain(&secret) && !warm_up::is_active() {
        return Err(Error::NotThroughProxy);
    }
    if let Some(address) = request.header(VIEWER_ADDRESS).and_then(address) {
        request.source_ip = address.to_string();
    }
    if let Some(host) = request.take_header(VIEWER_HOST) {
        request.set_header("host", host);
    }
    Ok(request.header(VIEWER_REQUEST).filter(|id| is_id(id)).map(str::to_owned))
}

/// Returns `true` for visible ASCII characters that are not too many.
fn is_id(value: &str) -> bool {
    (1..=MAX_ID).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Parses an address with a port. CloudFront writes that of an IPv6 address behind it without brackets.
fn address(value: &str) -> Option<IpAddr> {
    let (address, port) = value.trim().rsplit_once(':')?;
    // A plus sign would parse, too.
    port.parse::<u16>().ok().filter(|_| !port.starts_with('+'))?;
    let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']'));
    bare.unwrap_or(address).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_followed_by_a_port() {
        for (value, expected) in [
            ("198.51.100.10:46532", "198.51.100.10"),
            ("2001:db8::1:46532", "2001:db8::1"),
            ("2001:0DB8:0:0:1:2:3:4:443", "2001:db8::1:2:3:4"),
            ("[2001:db8::1]:46532", "2001:db8::1"),
            ("::ffff:192.0.2.1:1", "::ffff:192.0.2.1"),
        ] {
            assert_eq!(address(value), expected.parse().ok(), "{value}");
        }
    }

    #[test]
    fn other_text_is_no_address() {
        for value in [
            "",
            ":",
            ":1",
            "198.51.100.10",
            "198.51.100.10:",
            "198.51.100.10:65536",
            "198.51.100.10:+1",
            "198.51.100.10:1,198.51.100.11:1",
            "198.51.100.10, 198.51.100.11:1",
            "2001:db8::",
            "[2001:db8::1:1",
            "fe80::1%eth0:1",
            "localhost:1",
        ] {
            assert_eq!(address(value), None, "{value}");
        }
    }
}
