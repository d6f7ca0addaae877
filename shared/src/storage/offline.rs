//! HTTP client of all services, which sends nothing for a made-up request but opens the connections of the next one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_smithy_http_client::pool::{ConnectionEvent, OriginKey};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http as client;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use client::HttpConnector as _;
use futures_util::future::join_all;
use tokio::sync::Notify;

use crate::warm_up;

/// Response to the calls of a made-up request: success, and no rows.
const EMPTY_RESPONSE: &str = r#"{"Items":[],"Count":0}"#;

/// Header that only `DynamoDB`'s requests have.
const DYNAMODB: &str = "x-amz-target";

/// Connections that a made-up request opens.
#[derive(Debug, Default)]
pub(super) struct Opening {
    /// Number of awaited connections to each origin that it has called.
    pending: Mutex<HashMap<OriginKey, usize>>,
    changed: Notify,
}

impl Opening {
    /// Counts a connection that is open or has failed.
    pub(super) fn record(&self, event: &ConnectionEvent<'_>) {
        let establishment = match event {
            ConnectionEvent::Opened(opened) => opened.establishment(),
            ConnectionEvent::EstablishmentFailed(failed) => failed.establishment(),
            _ => return,
        };
        if let Some(pending) = self.pending().get_mut(establishment.origin()) {
            *pending = pending.saturating_sub(1);
            self.changed.notify_one();
        }
    }

    /// Waits until no awaited connection is being opened.
    pub(super) async fn end(&self) {
        while self.pending().values().any(|pending| *pending > 0) {
            self.changed.notified().await;
        }
    }

    /// Returns the number of connections to open for a call to an origin. Those to S3 are not awaited: a request needs them
    /// last, and S3 takes longer to open one.
    fn begin(&self, origin: OriginKey, is_dynamodb: bool) -> usize {
        let mut pending = self.pending();
        let Entry::Vacant(first) = pending.entry(origin) else { return 0 };
        let connections = if is_dynamodb { warm_up::connections() } else { 1 };
        first.insert(if is_dynamodb { connections } else { 0 });
        connections
    }

    fn pending(&self) -> MutexGuard<'_, HashMap<OriginKey, usize>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Client that responds to the calls of a made-up request itself.
#[derive(Debug)]
pub(super) struct OfflineClient<C> {
    client: C,
    opening: Arc<Opening>,
}

#[derive(Debug)]
struct Connector {
    connector: client::SharedHttpConnector,
    opening: Arc<Opening>,
}

impl<C: client::HttpClient> OfflineClient<C> {
    pub(super) fn new(client: C, opening: Arc<Opening>) -> Self {
        Self { client, opening }
    }
}

impl<C: client::HttpClient> client::HttpClient for OfflineClient<C> {
    fn http_connector(
        &self,
        settings: &client::HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> client::SharedHttpConnector {
        let connector = self.client.http_connector(settings, components);
        client::SharedHttpConnector::new(Connector { connector, opening: Arc::clone(&self.opening) })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.client.validate_base_client_config(components, config)
    }

    fn validate_final_config(
        &self,
        components: &RuntimeComponents,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.client.validate_final_config(components, config)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.client.connector_metadata()
    }
}

impl client::HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> client::HttpConnectorFuture {
        if !warm_up::is_active() {
            return self.connector.call(request);
        }
        let connecting = self.connect(&request);
        client::HttpConnectorFuture::new(async {
            connecting.await;
            let success = 200_u16.try_into().map_err(|error| ConnectorError::other(Box::new(error), None));
            Ok(HttpResponse::new(success?, SdkBody::from(EMPTY_RESPONSE)))
        })
    }
}

impl Connector {
    /// Begins to open the connections of the first request to the same origin, once.
    fn connect(&self, request: &HttpRequest) -> impl Future<Output = ()> + use<> {
        let origin = request.uri().split('/').take(3).collect::<Vec<_>>().join("/");
        let key = origin.parse().ok().and_then(|uri| OriginKey::from_uri(&uri).ok());
        let is_dynamodb = request.headers().contains_key(DYNAMODB);
        let connections = key.map_or(0, |key| self.opening.begin(key, is_dynamodb));
        let requests = (0..connections).filter_map(|_| bare_request(&origin));
        preconnect(requests.map(|request| self.connector.call(request)).collect::<Vec<_>>())
    }
}

fn bare_request(origin: &str) -> Option<HttpRequest> {
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_uri(format!("{origin}/")).ok()?;
    Some(request)
}

/// Starts calls concurrently and cancels them while they wait for a connection, before anything is sent. The connections
/// are still opened, and kept for later calls.
async fn preconnect<C: Future>(calls: impl IntoIterator<Item = C>) {
    // All calls start in one poll, because a later one could find an open connection. There is no second poll, because the
    // yield is ready first then.
    tokio::select! {
        biased;
        () = tokio::task::yield_now() => {}
        _ = join_all(calls) => {}
    }
}
