//! Clients with the SDK's usual chain of credentials. A tool of an operator may wait longer for storage than a function.

use anyhow::{Result, ensure};
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

/// Maximum attempts of a call. The SDK waits between them, up to 20 seconds.
const ATTEMPTS: u32 = 10;

/// Clients of both services.
#[derive(Debug, Clone)]
pub(crate) struct Aws {
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) s3: aws_sdk_s3::Client,
}

impl Aws {
    /// Reads credentials and region from the environment. Calls of DynamoDB and S3 trust the system's certificates.
    ///
    /// # Errors
    /// When there is no region, which a misspelled profile causes too.
    pub(crate) async fn open() -> Result<Self> {
        let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        let loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http.build_https())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
        let config: SdkConfig = loader.load().await;
        ensure!(config.region().is_some(), "there is no region; set AWS_REGION");
        Ok(Self { dynamodb: aws_sdk_dynamodb::Client::new(&config), s3: aws_sdk_s3::Client::new(&config) })
    }
}
