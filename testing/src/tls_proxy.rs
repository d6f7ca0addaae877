//! A server that stands in front of another one, counts connections and may speak TLS.
//! What must stay out: what is said on the connections.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use local::clock::Stopwatch;
use local::tasks::{Task, loopback_listener};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::tls::Authority;

/// How long connections that are to be opened may take: only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A front of a server. It is gone when this is dropped.
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
    opened: watch::Sender<usize>,
    set_ups: Arc<Mutex<Vec<Duration>>>,
    broken: watch::Receiver<()>,
    refusals: Arc<AtomicUsize>,
}

impl TlsProxy {
    /// A front of the server at `upstream`, such as `http://127.0.0.1:3000`. With an authority it speaks TLS.
    ///
    /// # Errors
    /// When no port is free, or `upstream` is none.
    pub async fn start(upstream: &str, authority: Option<&Authority>) -> Result<Self> {
        let host =
            upstream.strip_prefix("http://").context("only a server of plain HTTP can have a front")?;
        let host = host.split('/').next().unwrap_or_default();
        let mut found = lookup_host(host).await.with_context(|| format!("{host} has no address"))?;
        let broken = watch::Sender::default();
        let state = Listener {
            upstream: found.next().with_context(|| format!("{host} has no address"))?,
            acceptor: authority.map(Authority::acceptor).transpose()?,
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

    /// Where it is, without a path.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.address)
    }

    /// How many connections to it were opened so far.
    #[must_use]
    pub fn opened(&self) -> usize {
        *self.opened.borrow()
    }

    /// Waits until so many connections to it were opened.
    ///
    /// # Errors
    /// When there are fewer after a while.
    pub async fn wait_for(&self, connections: usize) -> Result<()> {
        let mut opened = self.opened.clone();
        let enough = opened.wait_for(|opened| *opened >= connections);
        let in_time = tokio::time::timeout(PATIENCE, enough).await;
        in_time.with_context(|| format!("{} of {connections} connections were opened", self.opened()))??;
        Ok(())
    }

    /// Breaks off all connections that are there, as servers do after some time; further ones are welcome.
    pub fn break_off(&self) {
        self.broken.send_replace(());
    }

    /// Breaks off each of the next `connections` as soon as it was opened.
    pub fn refuse_next(&self, connections: usize) {
        self.refusals.store(connections, Ordering::SeqCst);
    }

    /// From when each connection was there until it spoke TLS, where it does.
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

    /// Connections that break off do so on purpose, or with their client at its end.
    async fn pass(self, stream: TcpStream) {
        stream.set_nodelay(true).unwrap_or_default();
        // Beside the set-up of TLS, so that whoever waits for an answer waits for no connection but its own.
        let upstream = TcpStream::connect(self.upstream);
        match &self.acceptor {
            None => join(stream, upstream.await).await,
            Some(acceptor) => {
                let set_up = async {
                    let watch = Stopwatch::start();
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
