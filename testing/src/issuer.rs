//! An identity provider's JWK set and discovery document, served over HTTP on this machine, that a test may change, hold
//! up and take down.
//! What must stay out: keys and tokens.

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

/// A server of keys. It is gone when this is dropped.
#[derive(Debug)]
pub struct Issuer {
    name: String,
    served: Arc<Served>,
    _task: Task,
}

#[derive(Debug)]
struct Served {
    answer: Mutex<Serving>,
    document: Mutex<Value>,
    asked: AtomicUsize,
}

/// Response to a request for keys.
#[derive(Debug, Clone)]
pub enum Serving {
    /// This text with this status.
    Text(u16, String),
    /// A redirect to this URL.
    Redirect(String),
    /// Nothing, and the connection stays open.
    Silence,
}

impl Serving {
    /// The set of these keys.
    #[must_use]
    pub fn keys(keys: &[&SigningKey]) -> Self {
        Self::Text(200, jwks(keys).to_string())
    }
}

impl Issuer {
    /// Starts to serve.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(serving: Serving) -> Result<Self> {
        let (listener, address) = loopback_listener().await?;
        let name = format!("http://{address}");
        let document = json!({"issuer": name, "jwks_uri": format!("{name}/jwks")});
        let (answer, document) = (Mutex::new(serving), Mutex::new(document));
        let served = Arc::new(Served { answer, document, asked: AtomicUsize::default() });
        let app = axum::Router::new()
            .route("/.well-known/openid-configuration", get(document_of))
            .fallback(answer_of)
            .with_state(Arc::clone(&served));
        Ok(Self { name, served, _task: Task::serve(listener, app) })
    }

    /// The issuer's name, which is the URL of its server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL of the keys.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/jwks", self.name)
    }

    /// Serves another discovery document from now on.
    pub fn describe(&self, document: Value) {
        *self.served.document.lock().unwrap_or_else(PoisonError::into_inner) = document;
    }

    /// Serves something else from now on.
    pub fn serve(&self, serving: Serving) {
        *self.served.answer.lock().unwrap_or_else(PoisonError::into_inner) = serving;
    }

    /// How often it was asked for keys so far.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.served.asked.load(Ordering::SeqCst)
    }
}

async fn document_of(State(served): State<Arc<Served>>) -> axum::Json<Value> {
    axum::Json(served.document.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

async fn answer_of(State(served): State<Arc<Served>>) -> Response {
    served.asked.fetch_add(1, Ordering::SeqCst);
    let serving = served.answer.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match serving {
        Serving::Text(status, text) => {
            (StatusCode::from_u16(status).unwrap_or_default(), text).into_response()
        }
        Serving::Redirect(url) => (StatusCode::FOUND, [("location", url)]).into_response(),
        Serving::Silence => pending().await,
    }
}
