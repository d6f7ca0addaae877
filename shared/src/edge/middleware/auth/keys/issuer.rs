//! Fetch of the JWK set that an issuer serves, at a known URL or at that of its discovery document.

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

/// Timeout of a whole fetch. A request may have to wait for one.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Maximum size of a document in bytes, enough for some hundred keys.
const MAX_BYTES: usize = 256 * 1024;

/// Source of an issuer's keys. Redirects are not followed, because they could lead to any host.
pub(super) struct Issuer {
    place: Place,
    connector: SharedHttpConnector,
}

/// Place of a JWK set.
enum Place {
    Url(Uri),
    /// URL in the discovery document.
    Document(Discovery),
}

/// Members of a discovery document that the fetch reads (`OpenID` Connect Discovery 1.0, section 3).
#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
}

/// Builds the components that the SDK's connections need. They sign, resolve and retry nothing.
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
    /// Opens a source at `url`. For TLS, the system's authorities and those of `ca_bundle` (PEM) are trusted, because an
    /// issuer may use any.
    ///
    /// # Errors
    ///
    /// Invalid certificates.
    pub(super) fn at_url(url: Uri, ca_bundle: Option<&[u8]>) -> Result<Self, BoxError> {
        let connector = connector(is_secure(&url), ca_bundle)?;
        Ok(Self { place: Place::Url(url), connector })
    }

    /// Opens a source that finds the URL in the issuer's discovery document.
    ///
    /// # Errors
    ///
    /// Invalid certificates.
    pub(super) fn with_discovery(discovery: Discovery, ca_bundle: Option<&[u8]>) -> Result<Self, BoxError> {
        // Even a document on this machine may lead to keys elsewhere.
        let connector = connector(true, ca_bundle)?;
        Ok(Self { place: Place::Document(discovery), connector })
    }

    async fn keys(&self) -> Result<KeySet, BoxError> {
        let url = match &self.place {
            Place::Url(url) => url,
            Place::Document(discovery) => &jwks_url(discovery, &self.get(&discovery.document).await?)?,
        };
        KeySet::try_from(self.get(url).await?.as_slice())
            .map_err(|problem| format!("{}: what the issuer serves {problem}", without_query(url)).into())
    }

    /// Fetches the document at `url`. A broken connection is retried once, because it may have been frozen along with the
    /// environment.
    async fn get(&self, url: &Uri) -> Result<Vec<u8>, BoxError> {
        let outcome = match self.get_once(url).await {
            Err(Failure::Broken(_)) => self.get_once(url).await,
            outcome => outcome,
        };
        outcome.map_err(|failure| {
            format!("{}: {}", without_query(url), error_chain(&*BoxError::from(failure))).into()
        })
    }

    async fn get_once(&self, url: &Uri) -> Result<Vec<u8>, Failure> {
        let mut request = HttpRequest::get(url.to_string()).map_err(refused)?;
        let headers = request.headers_mut();
        headers.insert("accept", "application/jwk-set+json, application/json");
        headers.insert("user-agent", concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")));
        let connection = CaptureSmithyConnection::new();
        request.add_extension(connection.clone());
        let response = self.connector.call(request).await.map_err(broken)?;
        // The connection is not reused, because the issuer may close it in the minutes until the next fetch.
        if let Some(connection) = connection.get() {
            connection.poison();
        }
        let status = response.status();
        if status.as_u16() != 200 {
            return Err(Failure::Refused(format!("the issuer returned {status}").into()));
        }
        read(ByteStream::new(response.into_body())).await
    }
}

/// Failure of a fetch.
enum Failure {
    /// The connection could not be opened, or broke.
    Broken(BoxError),
    /// The response is no document.
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

/// Returns the URL of the keys, if the document's `issuer` is the configured one (section 4.3). It must be `https` if the
/// document's URL is.
fn jwks_url(discovery: &Discovery, text: &[u8]) -> Result<Uri, BoxError> {
    let parsed = serde_json::from_slice(text);
    let document: Document = parsed.map_err(|error| format!("{}: {error}", discovery.document))?;
    if document.issuer != discovery.issuer {
        return Err(format!("the document at {} is of another issuer", discovery.document).into());
    }
    let url = key_set_url(&document.jwks_uri).map_err(|problem| format!("jwks_uri {problem}"))?;
    if is_secure(&discovery.document) && !is_secure(&url) {
        return Err("jwks_uri must be an https URL".into());
    }
    Ok(url)
}

/// Returns the URL for the log. The query may have a secret.
fn without_query(url: &Uri) -> String {
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
    // Reads the authorities now, because a request would have to wait for it.
    client.validate_base_client_config(&RuntimeComponentsBuilder::new("issuer"), &ConfigBag::base())?;
    // A connection is opened in a task of its own, which the timeout of the fetch does not end.
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
        with_timeout.unwrap_or_else(|_| Err(format!("{}: no response in time", without_query(url)).into()))
    }
}

/// Reads a body of at most [`MAX_BYTES`].
async fn read(mut body: ByteStream) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    while let Some(chunk) = body.try_next().await.map_err(broken)? {
        text.extend_from_slice(&chunk);
        if text.len() > MAX_BYTES {
            return Err(refused("the document is too large"));
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys_url(issuer: &str, document: &serde_json::Value) -> Option<String> {
        let place = format!("{issuer}/.well-known/openid-configuration").parse().unwrap();
        let discovery = Discovery { issuer: issuer.to_owned(), document: place };
        jwks_url(&discovery, document.to_string().as_bytes()).ok().map(|url| url.to_string())
    }

    #[test]
    fn log_hides_the_query() {
        let url = "https://issuer.example:8443/jwks?token=hunter2".parse().unwrap();
        assert_eq!(without_query(&url), "https://issuer.example:8443/jwks");
    }

    #[test]
    fn https_document_must_name_https_keys() {
        let issuer = "https://issuer.example";
        for url in ["https://issuer.example/jwks", "https://keys.example/a?b=c"] {
            let document = json!({"issuer": issuer, "jwks_uri": url});
            assert_eq!(keys_url(issuer, &document).as_deref(), Some(url));
        }
        for url in ["http://127.0.0.1:9001/jwks", "http://keys.example/jwks", "file:///jwks", "/jwks", ""] {
            assert_eq!(keys_url(issuer, &json!({"issuer": issuer, "jwks_uri": url})), None, "{url}");
        }
        let local = "http://127.0.0.1:3001";
        for url in ["http://127.0.0.1:3001/jwks", "https://keys.example/jwks"] {
            assert!(keys_url(local, &json!({"issuer": local, "jwks_uri": url})).is_some(), "{url}");
        }
    }
}
