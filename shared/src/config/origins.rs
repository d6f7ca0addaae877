//! Trusted origins, compared in their normalized form (RFC 6454, section 4).

use std::net::Ipv6Addr;
use std::str::FromStr;

use crate::domain::ParseError;

/// Origins whose pages may write with the cookie.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TrustedOrigins(Vec<Origin>);

#[derive(Debug, PartialEq, Eq)]
struct Origin {
    scheme: &'static str,
    host: String,
    /// `None` means any port.
    port: Option<u16>,
}

impl TrustedOrigins {
    /// Returns `true` if this value of the header `Origin` is trusted.
    #[must_use]
    pub fn contains(&self, origin: &str) -> bool {
        let origin = Origin::parse(origin).filter(|origin| origin.port.is_some());
        origin.is_some_and(|origin| self.0.iter().any(|trusted| trusted.matches(&origin)))
    }
}

/// Parses a comma-separated list. Empty entries are ignored.
impl FromStr for TrustedOrigins {
    type Err = ParseError;

    fn from_str(list: &str) -> Result<Self, ParseError> {
        let origins = list.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        origins
            .map(|origin| Origin::parse(origin).ok_or_else(|| not_an_origin(origin)))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl Origin {
    /// Parses scheme, host and, unless it is the default one, port. The port of a loopback host may be `*`.
    fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let (scheme, default_port) = match scheme {
            _ if scheme.eq_ignore_ascii_case("https") => ("https", 443),
            _ if scheme.eq_ignore_ascii_case("http") => ("http", 80),
            _ => return None,
        };
        // The last colon of `[::1]` is part of the host.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (normalized_host(host)?, Some(port)),
            _ => (normalized_host(authority)?, None),
        };
        let port = match port {
            None => Some(default_port),
            Some("*") if matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]") => None,
            Some(port) => Some(super::digits(port)?.try_into().ok()?),
        };
        Some(Self { scheme, host, port })
    }

    fn matches(&self, origin: &Self) -> bool {
        (self.scheme, &self.host) == (origin.scheme, &origin.host)
            && (self.port.is_none() || self.port == origin.port)
    }
}

fn normalized_host(host: &str) -> Option<String> {
    if let Some(address) = host.strip_prefix('[') {
        let address: Ipv6Addr = address.strip_suffix(']')?.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (!host.is_empty() && host.bytes().all(is_name)).then(|| host.to_ascii_lowercase())
}

fn not_an_origin(text: &str) -> ParseError {
    ParseError::new(format!(
        "must be comma-separated origins, such as https://app.example.com or http://localhost:*, and {text} is none"
    ))
}

#[cfg(test)]
mod tests;
