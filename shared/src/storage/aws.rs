//! Clients of the SDK, with explicit timeouts, retries and trusted root certificates. Region and credentials come from the
//! environment variables that Lambda sets.
//!
//! The clients are built here because `aws_config`'s loader adds profiles, web identities and containers, which are no
//! source of a function's credentials.
//!
//! # Timeouts
//!
//! | call | one attempt | with retries |
//! |---|---|---|
//! | `DynamoDB` | 2 s | 4 s |
//! | the rate limit's counter, with all its conditional attempts | 300 ms | 600 ms (`RATE_LIMIT_TIMEOUT_MS`) |
//! | a transaction, with its retries after conflicts (`storage/transaction.rs`) | 2 s | 5 s |
//! | an object | 5 s | 8 s |
//! | an object's tag | 1 s | 3 s |
//!
//! Connecting takes up to 1 s of an attempt. The calls of a route, each with all its retries, fit into its function's
//! timeout one after the other: 4 + 8 + 5 + 3 of 25 s for an upload, 4 + 8 + 5 + 3 + 4 of 29 s to finish a direct one,
//! 4 + 5 of 10 s for a new project. A change that others overtake is repeated in what time is left. In any case the
//! pipeline gives up a request half a second before Lambda's deadline, and returns 503 in the envelope.
//!
//! The counter gets no extra time for its first connection. Opening it takes a few round trips within the region and some 5
//! ms of a CPU (`docs/PERFORMANCE.md`), so some 40 ms on the seventh of one that 256 MB get. If an attempt ends before, the
//! connection is opened nevertheless and serves the retry. A connection that died while the environment was frozen fails
//! one attempt immediately, or holds it up for 300 ms. The retry uses another one.
//!
//! # Retries
//!
//! The SDK makes up to three attempts of each call, in its standard mode. It retries after throttling
//! (`ThrottlingException`, `ProvisionedThroughputExceededException`, `SlowDown` and similar codes), after status 500, 502,
//! 503 and 504, after an attempt's timeout, and after a broken connection or response. Its backoff is random: up to 0.1 s
//! before the second attempt and 0.2 s before the third, because a caller is waiting. When most calls of an environment
//! fail, it stops retrying until some succeed. A call that still fails is 503 with `Retry-After`. It may have taken effect;
//! a client with an `Idempotency-Key` repeats the request to find out.
//!
//! # Root certificates
//!
//! Functions trust Amazon's root certificates only (`amazon-roots.pem`, from Amazon Trust Services, public), because
//! loading a system's some 140 roots takes longer than the rest of a cold start. `AWS_CA_BUNDLE` replaces them.
//!
//! # Connections
//!
//! All clients of a function share one pool of connections. The warm-up (`crate::warm_up`) begins to open those of the
//! first request, and runs its code while the handshakes are on their way: two for a route whose reads run beside the
//! counter, one for any other, and one more to S3 for files. Nothing is sent through them.
//!
//! - Init waits for those to `DynamoDB`, at most half a second. Lambda gives it a whole core, and the first request only the
//!   share of the function's memory. The one to S3 is opened while the first request's other calls are made.
//! - Lambda freezes a waiting environment sooner or later. A connection that is then half open or closed is opened again.

use std::cell::OnceCell;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::config::{SharedCredentialsProvider, SharedHttpClient, SharedInterceptor};
use aws_smithy_http_client::pool::{Client as PooledClient, ConnectionEvent, ConnectionPool};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

use super::calls::CallRecorder;
use super::lean::{OneEndpoint, ShortHeaders};
use super::offline::{OfflineClient, Opening};
use super::signature::Signer;
use crate::config::AwsSettings;
use crate::domain::BoxError;

const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// Maximum attempts of a call: the first one and two retries.
const ATTEMPTS: u32 = 3;

/// Maximum backoff before the first retry, doubled for the second. The SDK's default of one second would take most of a
/// call's time.
const BACKOFF: Duration = Duration::from_millis(100);

/// Shared parts of all clients: settings, credentials and the pool of connections.
pub struct Aws {
    settings: AwsSettings,
    credentials: SharedCredentialsProvider,
    http: SharedHttpClient,
    opening: Arc<Opening>,
    dynamodb: OnceCell<aws_sdk_dynamodb::Client>,
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Configures a client. The configurations of both services are different types.
macro_rules! configure {
    ($config:expr, $aws:expr) => {
        $config
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new($aws.settings.region.clone()))
            .use_fips($aws.settings.fips)
            .use_dual_stack($aws.settings.dual_stack)
            .credentials_provider($aws.credentials.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(BACKOFF))
            .http_client($aws.http.clone())
    };
}

impl Aws {
    /// Prepares the shared parts. No connection is made yet.
    ///
    /// # Errors
    ///
    /// If a certificate in `AWS_CA_BUNDLE` is invalid.
    pub fn open(settings: AwsSettings) -> Result<Self, BoxError> {
        Self::with_credentials(
            settings,
            SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()),
        )
    }

    fn with_credentials(
        settings: AwsSettings,
        credentials: SharedCredentialsProvider,
    ) -> Result<Self, BoxError> {
        let opening = Arc::default();
        let roots = settings.ca_bundle.as_deref().unwrap_or(AMAZON_ROOTS);
        let http = http_client(roots, Arc::clone(&opening))?;
        Ok(Self { settings, credentials, http, opening, dynamodb: OnceCell::new() })
    }

    /// Waits until the awaited connections of a warm-up are open, or have failed.
    pub(crate) async fn connected(&self) {
        self.opening.end().await;
    }

    /// Returns the certificates (PEM) that replace Amazon's, if there are any.
    pub(crate) fn ca_bundle(&self) -> Option<&[u8]> {
        self.settings.ca_bundle.as_deref()
    }

    /// Returns the client of all tables, for calls that [`Table`](super::Table) doesn't make.
    ///
    /// ```
    /// use shared::domain::Result;
    /// use shared::storage::{Aws, sdk_error};
    ///
    /// async fn row_count(aws: &Aws, table: &str) -> Result<Option<i64>> {
    ///     let call = aws.dynamodb().describe_table().table_name(table);
    ///     Ok(call.send().await.map_err(sdk_error)?.table.and_then(|table| table.item_count))
    /// }
    /// ```
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        // Building a client takes longer than a request.
        self.dynamodb.get_or_init(|| self.new_dynamodb()).clone()
    }

    fn new_dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let mut config = configure!(aws_sdk_dynamodb::Config::builder(), self)
            .timeout_config(timeouts(Duration::from_secs(2), Duration::from_secs(4)))
            .endpoint_resolver(OneEndpoint::default())
            .push_auth_scheme(Signer::new(self.settings.region.clone()));
        config.push_interceptor(SharedInterceptor::permanent(CallRecorder));
        config.push_interceptor(SharedInterceptor::permanent(ShortHeaders));
        config.set_endpoint_url(self.settings.dynamodb.clone());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// Returns a new client for buckets. Its timeouts are longer, because objects are larger than rows.
    #[cfg(feature = "objects")]
    #[must_use]
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let mut config = configure!(aws_sdk_s3::Config::builder(), self)
            .timeout_config(timeouts(Duration::from_secs(5), Duration::from_secs(8)))
            // Only AWS's own endpoints have a host name for each bucket.
            .force_path_style(self.settings.s3.is_some());
        config.push_interceptor(SharedInterceptor::permanent(CallRecorder));
        config.set_endpoint_url(self.settings.s3.clone());
        aws_sdk_s3::Client::from_conf(config.build())
    }
}

#[cfg(test)]
impl Aws {
    /// Returns clients of an emulator at this address, with test credentials.
    pub(crate) fn for_endpoint(dynamodb: &str) -> Self {
        let settings = AwsSettings {
            region: "us-east-1".to_owned(),
            dynamodb: Some(dynamodb.to_owned()),
            s3: None,
            fips: false,
            dual_stack: false,
            ca_bundle: None,
        };
        let key = aws_sdk_dynamodb::config::Credentials::new("test", "test", None, None, "test");
        Self::with_credentials(settings, SharedCredentialsProvider::new(key)).unwrap()
    }
}

/// Builds the pool of connections of all clients. `roots` (PEM) are the trusted root certificates.
fn http_client(roots: &[u8], opening: Arc<Opening>) -> Result<SharedHttpClient, BoxError> {
    let trust = TrustStore::empty().with_native_roots(false).with_pem_certificate(roots);
    let tls = TlsContext::builder().with_trust_store(trust).build()?;
    let listener = Arc::clone(&opening);
    let pool = ConnectionPool::builder()
        .event_listener(move |event: &ConnectionEvent<'_>| listener.record(event))
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(tls)
        .build_https()?;
    Ok(SharedHttpClient::new(OfflineClient::new(PooledClient::new(&pool)?, opening)))
}

/// Returns timeouts for one attempt and for a call with all its retries. The sum of a route's calls stays within its
/// function's timeout in `template.yaml`.
pub(super) fn timeouts(attempt: Duration, call: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(attempt)
        .operation_timeout(call)
        .build()
}
