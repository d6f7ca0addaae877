//! Identity provider: a JWK set and a discovery document over HTTP on this machine, which a test may change, stall and
//! take down.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use local::tasks::{Task, loopback_listener};
use serde_json::{Value, json};

use super::keys::{SigningKey, jwks};

/// Server of keys. Dropping it ends the server.
#[derive(Debug)]
pub struct Issuer {
    name: String,
    served: Arc<Served>,
    _task: Task,
}

#[derive(Debug)]
struct Served {
    keys: Mutex<Serving>,
    document: Mutex<Value>,
    requests: AtomicUsize,
}

/// Response to a request for keys.
#[derive(Debug, Clone)]
pub enum Serving {
    /// This text with this status.
    Text(u16, String),
    /// A redirect to this URL.
    Redirect(String),
    /// No response, on a connection that stays open.
    Silence,
}

impl Serving {
    /// Returns the JWK set of these keys.
    #[must_use]
    pub fn keys(keys: &[&SigningKey]) -> Self {
        Self::Text(200, jwks(keys).to_string())
    }
}

impl Issuer {
    /// Starts a server on a free port.
    ///
    /// # Errors
    /// No port is free.
    pub async fn start(serving: Serving) -> Result<Self> {
        let (listener, address) = loopback_listener().await?;
        let name = format!("http://{address}");
        let document = json!({"issuer": name, "jwks_uri": format!("{name}/jwks")});
        let (keys, document) = (Mutex::new(serving), Mutex::new(document));
        let served = Arc::new(Served { keys, document, requests: AtomicUsize::default() });
        let app = axum::Router::new()
            .route("/.well-known/openid-configuration", get(discovery_document))
            .fallback(key_set)
            .with_state(Arc::clone(&served));
        Ok(Self { name, served, _task: Task::serve(listener, app) })
    }

    /// Returns the issuer's name, which is the URL of its server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the URL of the keys.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/jwks", self.name)
    }

    /// Replaces the discovery document.
    pub fn describe(&self, document: Value) {
        *self.served.document.lock().unwrap_or_else(PoisonError::into_inner) = document;
    }

    /// Replaces the response to requests for keys.
    pub fn serve(&self, serving: Serving) {
        *self.served.keys.lock().unwrap_or_else(PoisonError::into_inner) = serving;
    }

    /// Returns the number of requests for keys so far.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.served.requests.load(Ordering::SeqCst)
    }
}

async fn discovery_document(State(served): State<Arc<Served>>) -> axum::Json<Value> {
    axum::Json(served.document.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

async fn key_set(State(served): State<Arc<Served>>) -> Response {
    served.requests.fetch_add(1, Ordering::SeqCst);
    let serving = served.keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match serving {
        Serving::Text(status, text) => {
            (StatusCode::from_u16(status).unwrap_or_default(), text).into_response()
        }
        Serving::Redirect(url) => (StatusCode::FOUND, [("location", url)]).into_response(),
        Serving::Silence => pending().await,
    }
}
