//! Reverse proxy that counts connections, may terminate TLS, and may be at a distance.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use local::clock::Stopwatch;
use local::tasks::{Task, loopback_listener};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional, duplex};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::distance::Distance;
use super::tls::Authority;

/// Longest wait for connections. Only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// Number of bytes that a distant proxy reads ahead.
const BUFFER: usize = 64 * 1024;

/// Reverse proxy of a server. Dropping it ends the proxy.
#[derive(Debug)]
pub struct TlsProxy {
    address: SocketAddr,
    tls: bool,
    opened: watch::Receiver<usize>,
    set_ups: Arc<Mutex<Vec<Duration>>>,
    broken: watch::Sender<()>,
    refusals: Arc<AtomicUsize>,
    _task: Task,
}

#[derive(Clone)]
struct Listener {
    upstream: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    distance: Option<Distance>,
    opened: watch::Sender<usize>,
    set_ups: Arc<Mutex<Vec<Duration>>>,
    broken: watch::Receiver<()>,
    refusals: Arc<AtomicUsize>,
}

impl TlsProxy {
    /// Starts a proxy of the server at `upstream`, such as `http://127.0.0.1:3000`. With an authority it terminates TLS.
    ///
    /// # Errors
    /// No port is free, or `upstream` is not a URL of plain HTTP.
    pub async fn start(upstream: &str, authority: Option<&Authority>) -> Result<Self> {
        Self::start_with(upstream, authority, None).await
    }

    /// Starts a proxy with TLS to which a round trip takes this time: each direction's bytes arrive half of it later, and
    /// TCP takes all of it to open a connection. TLS takes one more.
    ///
    /// # Errors
    /// As [`TlsProxy::start`].
    pub async fn start_distant(upstream: &str, authority: &Authority, round_trip: Duration) -> Result<Self> {
        Self::start_with(upstream, Some(authority), Some(Distance::new(round_trip))).await
    }

    async fn start_with(
        upstream: &str,
        authority: Option<&Authority>,
        distance: Option<Distance>,
    ) -> Result<Self> {
        let host = upstream.strip_prefix("http://").context("the upstream must be a server of plain HTTP")?;
        let host = host.split('/').next().unwrap_or_default();
        let mut found = lookup_host(host).await.with_context(|| format!("{host} has no address"))?;
        let broken = watch::Sender::default();
        let state = Listener {
            upstream: found.next().with_context(|| format!("{host} has no address"))?,
            acceptor: authority.map(Authority::acceptor).transpose()?,
            distance,
            opened: watch::Sender::default(),
            set_ups: Arc::default(),
            broken: broken.subscribe(),
            refusals: Arc::default(),
        };
        let (listener, address) = loopback_listener().await?;
        let (tls, opened, set_ups) =
            (authority.is_some(), state.opened.subscribe(), Arc::clone(&state.set_ups));
        let refusals = Arc::clone(&state.refusals);
        let task = Task::spawn(accept(listener, state));
        Ok(Self { address, tls, opened, set_ups, broken, refusals, _task: task })
    }

    /// Returns its URL without a path.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.address)
    }

    /// Returns the number of connections opened so far.
    #[must_use]
    pub fn opened(&self) -> usize {
        *self.opened.borrow()
    }

    /// Waits until so many connections were opened.
    ///
    /// # Errors
    /// There are fewer after 20 seconds.
    pub async fn wait_for(&self, connections: usize) -> Result<()> {
        let mut opened = self.opened.clone();
        let enough = opened.wait_for(|opened| *opened >= connections);
        let in_time = tokio::time::timeout(PATIENCE, enough).await;
        in_time.with_context(|| format!("{} of {connections} connections were opened", self.opened()))??;
        Ok(())
    }

    /// Closes all current connections, as servers do after some time. It accepts further ones.
    pub fn break_off(&self) {
        self.broken.send_replace(());
    }

    /// Closes each of the next `connections` as soon as it was opened.
    pub fn refuse_next(&self, connections: usize) {
        self.refusals.store(connections, Ordering::SeqCst);
    }

    /// Returns the duration of each connection's TLS handshake. To a distant proxy it includes TCP's round trip and ends
    /// with the arrival of the client's last message.
    #[must_use]
    pub fn set_ups(&self) -> Vec<Duration> {
        self.set_ups.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn accept(listener: TcpListener, state: Listener) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                state.opened.send_modify(|opened| *opened += 1);
                let one_less = |left: usize| left.checked_sub(1);
                if state.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok() {
                    continue;
                }
                connections.spawn(state.clone().pass_until_broken_off(stream));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

impl Listener {
    async fn pass_until_broken_off(mut self, stream: TcpStream) {
        self.broken.mark_unchanged();
        let mut broken = self.broken.clone();
        tokio::select! {
            _ = broken.changed() => {}
            () = self.pass(stream) => {}
        }
    }

    /// Forwards a connection. It breaks off on purpose, or because its client ends.
    async fn pass(self, stream: TcpStream) {
        stream.set_nodelay(true).unwrap_or_default();
        let watch = Stopwatch::start();
        match &self.distance {
            None => self.terminate(stream, watch).await,
            Some(distance) => {
                distance.round_trip().await;
                let (far, end) = duplex(BUFFER);
                tokio::join!(distance.connect(stream, far), self.terminate(end, watch));
            }
        }
    }

    /// Terminates TLS, if there is an authority, and forwards what is inside.
    async fn terminate(&self, stream: impl AsyncRead + AsyncWrite + Unpin, watch: Stopwatch) {
        // Beside the TLS handshake, so that a client never waits for the proxy's own connection.
        let upstream = TcpStream::connect(self.upstream);
        match &self.acceptor {
            None => join(stream, upstream.await).await,
            Some(acceptor) => {
                let set_up = async {
                    let stream = acceptor.accept(stream).await;
                    (stream, watch.elapsed())
                };
                let ((stream, took), upstream) = tokio::join!(set_up, upstream);
                if let Ok(stream) = stream {
                    self.set_ups.lock().unwrap_or_else(PoisonError::into_inner).push(took);
                    join(stream, upstream).await;
                }
            }
        }
    }
}

async fn join(mut stream: impl AsyncRead + AsyncWrite + Unpin, upstream: std::io::Result<TcpStream>) {
    if let Ok(mut upstream) = upstream {
        upstream.set_nodelay(true).unwrap_or_default();
        drop(copy_bidirectional(&mut stream, &mut upstream).await);
    }
}
