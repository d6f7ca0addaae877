//! An identity provider's JWK set, served over HTTP on this machine, that a test may change, hold up and take down.
//! What must stay out: keys and tokens.

use super::{SigningKey, jwks};
use crate::tasks::{Task, loopback_listener};
use anyhow::Result;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A server of keys. It is gone when this is dropped.
#[derive(Debug)]
pub struct Issuer {
    url: String,
    served: Arc<Served>,
    _task: Task,
}

#[derive(Debug)]
struct Served {
    answer: Mutex<Serving>,
    asked: AtomicUsize,
}

/// What is answered to whoever asks for keys.
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
        let served = Arc::new(Served { answer: Mutex::new(serving), asked: AtomicUsize::default() });
        let (listener, address) = loopback_listener().await?;
        let app = axum::Router::new().fallback(answer).with_state(Arc::clone(&served));
        Ok(Self { url: format!("http://{address}/jwks"), served, _task: Task::serve(listener, app) })
    }

    /// Where the keys are.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Serves something else from now on.
    pub fn serve(&self, serving: Serving) {
        *self.served.answer.lock().unwrap_or_else(PoisonError::into_inner) = serving;
    }

    /// How often it was asked so far.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.served.asked.load(Ordering::SeqCst)
    }
}

async fn answer(State(served): State<Arc<Served>>) -> Response {
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
