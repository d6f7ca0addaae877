//! Clients with the SDK's usual chain of credentials. A tool of an operator may wait longer for storage than a function.

use anyhow::{Context, Result, ensure};
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use shared::config::process_variable;

/// Maximum attempts of a call. The SDK waits between them, up to 20 seconds.
const ATTEMPTS: u32 = 10;

/// Clients of both services.
#[derive(Debug, Clone)]
pub(crate) struct Aws {
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) s3: aws_sdk_s3::Client,
    /// Endpoint of `DynamoDB`, if not AWS's own.
    pub(crate) dynamodb_endpoint: Option<String>,
    /// Endpoint of S3, if not AWS's own.
    pub(crate) s3_endpoint: Option<String>,
}

impl Aws {
    /// Reads credentials and region from the environment.
    ///
    /// # Errors
    /// When there is no region, which a misspelled profile causes too, or `AWS_CA_BUNDLE` can't be read.
    pub(crate) async fn open() -> Result<Self> {
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).tls_context(tls()?);
        let loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http.build_https())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
        let config: SdkConfig = loader.load().await;
        ensure!(config.region().is_some(), "there is no region; set AWS_REGION");
        Ok(Self {
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            s3: aws_sdk_s3::Client::new(&config),
            dynamodb_endpoint: endpoint(&config, "AWS_ENDPOINT_URL_DYNAMODB"),
            s3_endpoint: endpoint(&config, "AWS_ENDPOINT_URL_S3"),
        })
    }
}

/// Returns the endpoint that the service's own variable or the common setting names.
fn endpoint(config: &SdkConfig, name: &str) -> Option<String> {
    process_variable(name)
        .filter(|endpoint| !endpoint.is_empty())
        .or_else(|| config.endpoint_url().map(str::to_owned))
}

/// Returns the trusted certificates: those of `AWS_CA_BUNDLE`, else the system's.
fn tls() -> Result<TlsContext> {
    let Some(path) = process_variable("AWS_CA_BUNDLE") else { return Ok(TlsContext::default()) };
    let certificates = std::fs::read(&path).with_context(|| format!("AWS_CA_BUNDLE {path} can't be read"))?;
    let store = TrustStore::empty().with_pem_certificate(certificates);
    TlsContext::builder().with_trust_store(store).build().context("AWS_CA_BUNDLE")
}
