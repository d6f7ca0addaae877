//! Fetches the JWK set that an issuer serves.

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

use super::cache::Source;
use crate::domain::Cause;
use crate::domain::keys::KeySet;

/// How long a fetch may take in all. A request may have to wait for one.
const TIME: Duration = Duration::from_secs(3);

/// The largest set in bytes: some hundred keys.
const MAX_BYTES: usize = 256 * 1024;

/// An issuer's URL of keys. Redirects are not followed: they would let it name any host.
pub(super) struct Issuer {
    url: Uri,
    connector: SharedHttpConnector,
}

/// What a call of the SDK is made with, though nobody signs, resolves or tries again here: its connections want to know.
fn plain() -> Result<RuntimeComponents, BuildError> {
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
    pub(super) fn new(url: Uri, ca_bundle: Option<&[u8]>) -> Result<Self, Cause> {
        let secure = url.scheme_str() == Some("https");
        let trust = TrustStore::empty().with_native_roots(secure);
        let trust = match ca_bundle {
            Some(authorities) => trust.with_pem_certificate(authorities),
            None => trust,
        };
        let tls = TlsContext::builder().with_trust_store(trust).build()?;
        let tls =
            ConnectionPool::builder().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls);
        let client = Client::new(&tls.build_https()?)?;
        // Reads the authorities now, and not while a request waits.
        client.validate_base_client_config(&RuntimeComponentsBuilder::new("issuer"), &ConfigBag::base())?;
        // A connection is opened in a task of its own, which the time for the whole fetch does not end.
        let settings = HttpConnectorSettings::builder().connect_timeout(TIME).build();
        let connector = client.http_connector(&settings, &plain()?);
        Ok(Self { url, connector })
    }

    async fn ask(&self) -> Result<KeySet, Cause> {
        let mut request = HttpRequest::get(self.url.to_string())?;
        request.headers_mut().insert("accept", "application/jwk-set+json, application/json");
        request
            .headers_mut()
            .insert("user-agent", concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")));
        let answer = self.connector.call(request).await?;
        let status = answer.status();
        if status.as_u16() != 200 {
            return Err(format!("the issuer answered {status}").into());
        }
        let text = read(ByteStream::new(answer.into_body())).await?;
        KeySet::parse(&text).map_err(|problem| format!("what the issuer serves {problem}").into())
    }
}

impl Source for Issuer {
    async fn fetch(&self) -> Result<KeySet, Cause> {
        tokio::time::timeout(TIME, self.ask()).await?
    }
}

/// The body, if it isn't larger than any set should be.
async fn read(mut body: ByteStream) -> Result<Vec<u8>, Cause> {
    let mut text = Vec::new();
    while let Some(chunk) = body.try_next().await? {
        text.extend_from_slice(&chunk);
        if text.len() > MAX_BYTES {
            return Err("the issuer serves more than a set of keys".into());
        }
    }
    Ok(text)
}
