//! Origins of web pages (RFC 6454), and the ones whose pages may call the API.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Error, Result};
use http::uri::Authority;

/// Loopback hosts. Only they allow the wildcard port, because ports of development servers vary.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];
/// Origins of a front end's development server.
const DEVELOPMENT: &str = "http://localhost:*,http://127.0.0.1:*";

/// Origin, such as `https://app.example.com`, or all ports of a loopback host, such as `http://localhost:*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: &'static str,
    host: String,
    /// Port; `None` for any.
    port: Option<u16>,
}

/// Origins whose pages may call the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins(Vec<Origin>);

impl Origins {
    /// Returns `true` if pages of `origin`, the value of an `Origin` header, may call the API.
    #[must_use]
    pub fn allow(&self, origin: &str) -> bool {
        let page = parse(origin).filter(|page| page.port.is_some());
        page.is_some_and(|page| self.0.iter().any(|allowed| allowed.includes(&page)))
    }

    /// Returns the patterns of a bucket's CORS rule. There, `:*` does not include the default port, which pages omit.
    pub(crate) fn patterns(&self) -> Vec<String> {
        let patterns = |origin: &Origin| {
            let text = origin.to_string();
            let default = text.strip_suffix(":*").map(str::to_owned);
            [Some(text), default].into_iter().flatten()
        };
        self.0.iter().flat_map(patterns).collect()
    }
}

/// Pages of any port of this machine.
impl Default for Origins {
    fn default() -> Self {
        Self(DEVELOPMENT.split(',').filter_map(parse).collect())
    }
}

impl From<Vec<Origin>> for Origins {
    fn from(origins: Vec<Origin>) -> Self {
        Self(origins)
    }
}

/// Comma-separated list.
impl FromStr for Origins {
    type Err = Error;

    fn from_str(list: &str) -> Result<Self> {
        let origins = list.split(',').map(str::trim).filter(|origin| !origin.is_empty());
        origins.map(str::parse).collect::<Result<_>>().map(Self)
    }
}

impl fmt::Display for Origins {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origins: Vec<_> = self.0.iter().map(Origin::to_string).collect();
        formatter.write_str(&origins.join(","))
    }
}

impl Origin {
    fn includes(&self, page: &Self) -> bool {
        let same_port = self.port.is_none() || self.port == page.port;
        self.scheme == page.scheme && self.host == page.host && same_port
    }
}

impl FromStr for Origin {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        parse(text).with_context(|| {
            format!(
                "{text} is not an origin: scheme, host and port, such as http://localhost:5173 or https://app.example.com"
            )
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, port } = self;
        match port {
            None => write!(formatter, "{scheme}://{host}:*"),
            Some(80) if *scheme == "http" => write!(formatter, "{scheme}://{host}"),
            Some(443) if *scheme == "https" => write!(formatter, "{scheme}://{host}"),
            Some(port) => write!(formatter, "{scheme}://{host}:{port}"),
        }
    }
}

fn parse(text: &str) -> Option<Origin> {
    let text = text.to_ascii_lowercase();
    let (scheme, authority) = text.split_once("://")?;
    let (scheme, default) = match scheme {
        "http" => ("http", 80),
        "https" => ("https", 443),
        _ => return None,
    };
    if let Some(host) = authority.strip_suffix(":*") {
        return LOOPBACK.contains(&host).then(|| Origin { scheme, host: host.to_owned(), port: None });
    }
    let authority: Authority = authority.parse().ok()?;
    let host = authority.host();
    let port = match authority.port_u16() {
        None if authority.as_str() == host => default,
        port => port?,
    };
    let is_host = !host.is_empty() && !authority.as_str().contains(['@', '*']);
    is_host.then(|| Origin { scheme, host: host.to_owned(), port: Some(port) })
}
