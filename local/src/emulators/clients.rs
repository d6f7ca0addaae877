//! SDK clients of the emulators.

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region, SharedHttpClient};
use aws_smithy_http_client::{Builder, tls};

use crate::template::REGION;

/// Creates a client of the DynamoDB at `endpoint`.
pub(super) fn dynamodb(endpoint: &str, credentials: Credentials) -> aws_sdk_dynamodb::Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(credentials)
        .http_client(http(endpoint));
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

/// Creates an HTTP client. It loads the system's certificates only for TLS, because that is slow.
#[must_use]
pub fn http(endpoint: &str) -> SharedHttpClient {
    if endpoint.starts_with("https:") {
        Builder::new()
            .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
            .build_https()
    } else {
        Builder::new().build_http()
    }
}
