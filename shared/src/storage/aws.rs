//! How the SDK's clients are built: credentials and region from the environment, as Lambda provides them, time-outs and
//! retries set on purpose, and Amazon's own certificate authorities as the only trusted ones.

use std::time::Duration;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

use crate::domain::Cause;

/// Loading the system's some 140 authorities would take longer than the rest of a cold start.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// Two retries after the first attempt.
const ATTEMPTS: u32 = 3;

/// The longest wait before the first retry, doubled for the second. The SDK's own second would take most of the time that
/// a call has, while a caller waits.
const BACKOFF: Duration = Duration::from_millis(100);

/// What all clients have in common.
pub struct Aws {
    pub(super) config: SdkConfig,
}

impl Aws {
    /// Loads the configuration; `ca_bundle` (PEM) is trusted in place of Amazon's authorities where it is given.
    ///
    /// # Errors
    ///
    /// If the certificates can't be used.
    pub async fn load(ca_bundle: Option<&[u8]>) -> Result<Self, Cause> {
        let roots = ca_bundle.unwrap_or(AMAZON_ROOTS);
        let trust = TrustStore::empty().with_native_roots(false).with_pem_certificate(roots);
        let tls = TlsContext::builder().with_trust_store(trust).build()?;
        let http =
            Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls).build_https();
        let loader = common()
            .region(EnvironmentVariableRegionProvider::new())
            .credentials_provider(EnvironmentVariableCredentialsProvider::new())
            .http_client(http);
        Ok(Self { config: loader.load().await })
    }
}

/// What holds wherever the services are.
fn common() -> ConfigLoader {
    aws_config::defaults(BehaviorVersion::v2026_01_12())
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(BACKOFF))
        .timeout_config(timeouts(Duration::from_secs(2), Duration::from_secs(4)))
}

/// Time-outs for one attempt and for an operation with all its retries. The sum of a route's operations stays within
/// its function's time-out in `template.yaml`.
pub(super) fn timeouts(attempt: Duration, operation: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(attempt)
        .operation_timeout(operation)
        .build()
}

#[cfg(test)]
impl Aws {
    /// Engines at a loopback address, for tests of what is built on the tables.
    pub(crate) async fn at(endpoint: &str) -> Self {
        let key = aws_sdk_dynamodb::config::Credentials::new("test", "test", None, None, "test");
        let loader = common()
            .region(aws_config::Region::new("us-east-1"))
            .credentials_provider(key)
            .endpoint_url(endpoint)
            .http_client(Builder::new().build_http());
        Self { config: loader.load().await }
    }
}
