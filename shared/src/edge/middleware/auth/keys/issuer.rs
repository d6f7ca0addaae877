//! Fetches the JWK set that an issuer serves, at a URL that is known or that its discovery document names.

use std::time::Duration;

use aws_smithy_http_client::pool::{Client, ConnectionPool};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime::client::auth::no_auth::{NO_AUTH_SCHEME_ID, NoAuthScheme};
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime::client::identity::no_auth::NoAuthIdentityResolver;
use aws_smithy_runtime::client::orchestrator::endpoints::StaticUriEndpointResolver;
use aws_smithy_runtime::client::retries::strategy::NeverRetryStrategy;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::connection::CaptureSmithyConnection;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::{
    BuildError, RuntimeComponents, RuntimeComponentsBuilder,
};
use aws_smithy_types::byte_stream::ByteStream;
use aws_smithy_types::config_bag::ConfigBag;
use http::Uri;
use serde::Deserialize;

use super::cache::Source;
use crate::config::{Discovery, key_set_url};
use crate::domain::BoxError;
use crate::domain::keys::KeySet;
use crate::edge::middleware::log::error_chain;

/// Time for a fetch in all. A request may have to wait for one.
const TIMEOUT: Duration = Duration::from_secs(3);

/// The largest document in bytes: a set of some hundred keys.
const MAX_BYTES: usize = 256 * 1024;

/// An issuer's keys. Redirects are not followed: they would let it name any host.
pub(super) struct Issuer {
    place: Place,
    connector: SharedHttpConnector,
}

/// Place of a JWK set.
enum Place {
    /// At this URL.
    Url(Uri),
    /// Where the issuer's document says.
    Document(Discovery),
}

/// Members of a discovery document that are read (`OpenID` Connect Discovery 1.0, section 3).
#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
}

/// What a call of the SDK is made with, though nobody signs, resolves or tries again here: its connections want to know.
fn runtime_components() -> Result<RuntimeComponents, BuildError> {
    RuntimeComponentsBuilder::new("issuer")
        .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![])))
        .with_auth_scheme(NoAuthScheme::default())
        .with_identity_cache(Some(IdentityCache::no_cache()))
        .with_identity_resolver(NO_AUTH_SCHEME_ID, NoAuthIdentityResolver::new())
        .with_endpoint_resolver(Some(StaticUriEndpointResolver::http_localhost(0)))
        .with_retry_strategy(Some(NeverRetryStrategy::new()))
        .build()
}

impl Issuer {
    /// The issuer whose keys are at `url`. An issuer may have any authority vouch for it, so the system's are trusted,
    /// and those of `ca_bundle` (PEM) beside them.
    ///
    /// # Errors
    ///
    /// If the certificates can't be used.
    pub(super) fn serving(url: Uri, ca_bundle: Option<&[u8]>) -> Result<Self, BoxError> {
        let connector = connector(is_secure(&url), ca_bundle)?;
        Ok(Self { place: Place::Url(url), connector })
    }

    /// The issuer whose document says where its keys are.
    ///
    /// # Errors
    ///
    /// If the certificates can't be used.
    pub(super) fn discovered(discovery: Discovery, ca_bundle: Option<&[u8]>) -> Result<Self, BoxError> {
        // Even a document on this machine may lead to keys elsewhere.
        let connector = connector(true, ca_bundle)?;
        Ok(Self { place: Place::Document(discovery), connector })
    }

    async fn keys(&self) -> Result<KeySet, BoxError> {
        let text = match &self.place {
            Place::Url(url) => self.get(url).await?,
            Place::Document(discovery) => {
                let url = named(discovery, &self.get(&discovery.document).await?)?;
                self.get(&url).await?
            }
        };
        KeySet::parse(&text).map_err(|problem| format!("what the issuer serves {problem}").into())
    }

    /// The document at `url`. A connection that broke, as one may that was frozen along with the environment, is tried
    /// once more.
    async fn get(&self, url: &Uri) -> Result<Vec<u8>, BoxError> {
        let answered = match self.ask(url).await {
            Err(Failure::Broken(_)) => self.ask(url).await,
            answered => answered,
        };
        answered
            .map_err(|failure| format!("{}: {}", shown(url), error_chain(&*BoxError::from(failure))).into())
    }

    async fn ask(&self, url: &Uri) -> Result<Vec<u8>, Failure> {
        let mut request = HttpRequest::get(url.to_string()).map_err(refused)?;
        let headers = request.headers_mut();
        headers.insert("accept", "application/jwk-set+json, application/json");
        headers.insert("user-agent", concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")));
        let connection = CaptureSmithyConnection::new();
        request.add_extension(connection.clone());
        let response = self.connector.call(request).await.map_err(broken)?;
        // Minutes pass until the next fetch, and nobody tells here that the issuer has closed the connection since.
        if let Some(connection) = connection.get() {
            connection.poison();
        }
        let status = response.status();
        if status.as_u16() != 200 {
            return Err(Failure::Refused(format!("the issuer answered {status}").into()));
        }
        read(ByteStream::new(response.into_body())).await
    }
}

/// Reason why there is no document.
enum Failure {
    /// The connection could not be opened, or broke.
    Broken(BoxError),
    /// The issuer answered otherwise.
    Refused(BoxError),
}

impl From<Failure> for BoxError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Broken(cause) | Failure::Refused(cause) => cause,
        }
    }
}

fn broken(cause: impl Into<BoxError>) -> Failure {
    Failure::Broken(cause.into())
}

fn refused(cause: impl Into<BoxError>) -> Failure {
    Failure::Refused(cause.into())
}

/// The URL of the keys, if the document is the issuer's own (section 4.3). It may not lead from TLS to a place without.
fn named(discovery: &Discovery, text: &[u8]) -> Result<Uri, BoxError> {
    let document: Document = serde_json::from_slice(text)?;
    if document.issuer != discovery.issuer {
        return Err(format!("the document at {} is of another issuer", discovery.document).into());
    }
    let url = key_set_url(&document.jwks_uri).map_err(|problem| format!("jwks_uri {problem}"))?;
    if is_secure(&discovery.document) && !is_secure(&url) {
        return Err("jwks_uri must be an https URL".into());
    }
    Ok(url)
}

/// The URL for the log: without its query, which may hold a key of somebody's.
fn shown(url: &Uri) -> String {
    let authority = url.authority().map_or("", |authority| authority.as_str());
    format!("{}://{authority}{}", url.scheme_str().unwrap_or_default(), url.path())
}

fn is_secure(url: &Uri) -> bool {
    url.scheme_str() == Some("https")
}

fn connector(secure: bool, ca_bundle: Option<&[u8]>) -> Result<SharedHttpConnector, BoxError> {
    let trust = TrustStore::empty().with_native_roots(secure);
    let trust = match ca_bundle {
        Some(authorities) => trust.with_pem_certificate(authorities),
        None => trust,
    };
    let tls = TlsContext::builder().with_trust_store(trust).build()?;
    let tls = ConnectionPool::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls);
    let client = Client::new(&tls.build_https()?)?;
    // Reads the authorities now, and not while a request waits.
    client.validate_base_client_config(&RuntimeComponentsBuilder::new("issuer"), &ConfigBag::base())?;
    // A connection is opened in a task of its own, which the time for the whole fetch does not end.
    let settings = HttpConnectorSettings::builder().connect_timeout(TIMEOUT).build();
    Ok(client.http_connector(&settings, &runtime_components()?))
}

impl Source for Issuer {
    async fn fetch(&self) -> Result<KeySet, BoxError> {
        let url = match &self.place {
            Place::Url(url) => url,
            Place::Document(discovery) => &discovery.document,
        };
        let with_timeout = tokio::time::timeout(TIMEOUT, self.keys()).await;
        with_timeout.unwrap_or_else(|_| Err(format!("{}: no response within {TIMEOUT:?}", shown(url)).into()))
    }
}

/// Reads the body, if it isn't larger than any set should be.
async fn read(mut body: ByteStream) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    while let Some(chunk) = body.try_next().await.map_err(broken)? {
        text.extend_from_slice(&chunk);
        if text.len() > MAX_BYTES {
            return Err(refused("the issuer serves more than a set of keys"));
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn leads(issuer: &str, document: &serde_json::Value) -> Option<String> {
        let place = format!("{issuer}/.well-known/openid-configuration").parse().unwrap();
        let discovery = Discovery { issuer: issuer.to_owned(), document: place };
        named(&discovery, document.to_string().as_bytes()).ok().map(|url| url.to_string())
    }

    #[test]
    fn the_log_shows_no_query() {
        let url = "https://issuer.example:8443/jwks?token=hunter2".parse().unwrap();
        assert_eq!(shown(&url), "https://issuer.example:8443/jwks");
    }

    #[test]
    fn a_document_leads_to_keys_as_safe_as_itself() {
        let issuer = "https://issuer.example";
        for url in ["https://issuer.example/jwks", "https://keys.example/a?b=c"] {
            let document = json!({"issuer": issuer, "jwks_uri": url});
            assert_eq!(leads(issuer, &document).as_deref(), Some(url));
        }
        for url in ["http://127.0.0.1:9001/jwks", "http://keys.example/jwks", "file:///jwks", "/jwks", ""] {
            assert_eq!(leads(issuer, &json!({"issuer": issuer, "jwks_uri": url})), None, "{url}");
        }
        let local = "http://127.0.0.1:3001";
        for url in ["http://127.0.0.1:3001/jwks", "https://keys.example/jwks"] {
            assert!(leads(local, &json!({"issuer": local, "jwks_uri": url})).is_some(), "{url}");
        }
    }
}
