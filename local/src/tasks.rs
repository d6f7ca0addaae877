//! Background tasks that end with their owner.

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Running task that is aborted when this is dropped.
#[derive(Debug)]
pub struct Task(JoinHandle<()>);

impl Task {
    /// Starts `future` in the background.
    #[must_use]
    pub fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(future))
    }

    /// Serves `app` on `listener`.
    #[must_use]
    pub fn serve(listener: TcpListener, app: Router) -> Self {
        // `serve` never returns by itself.
        Self::spawn(async move { drop(axum::serve(listener, app).await) })
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Listens on a free loopback port.
///
/// # Errors
/// When no port is free.
pub async fn loopback_listener() -> Result<(TcpListener, SocketAddr)> {
    listener((Ipv4Addr::LOCALHOST, 0).into()).await
}

/// Listens at `address`, and returns its actual address. Port 0 is any free one.
pub(crate) async fn listener(address: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await.with_context(|| format!("can't listen on {address}"))?;
    let address = listener.local_addr().context("the port has no address")?;
    Ok((listener, address))
}
