//! Connections to `DynamoDB`, kept open.

use std::fs;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::rt::{Read, Write};
use hyper_util::rt::TokioIo;
use lambda_runtime::Error;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::process::variable;

const AMAZON_ROOTS: &[u8] = include_bytes!("../../../shared/src/storage/amazon-roots.pem");

type Connection = SendRequest<Full<Bytes>>;

pub(crate) struct Connections {
    host: String,
    port: u16,
    tls: Option<TlsConnector>,
    idle: Mutex<Vec<Connection>>,
}

impl Connections {
    /// Prepares connections to an endpoint.
    ///
    /// # Errors
    /// It has no host, or a trusted certificate is invalid.
    pub(crate) fn to(endpoint: &Uri) -> Result<Self, Error> {
        let is_https = endpoint.scheme() == Some(&Scheme::HTTPS);
        Ok(Self {
            host: endpoint.host().ok_or("the endpoint has no host")?.to_owned(),
            port: endpoint.port_u16().unwrap_or(if is_https { 443 } else { 80 }),
            tls: if is_https { Some(connector()?) } else { None },
            idle: Mutex::default(),
        })
    }

    /// Sends a request over an idle connection, or a new one. The connection is kept after a complete response.
    ///
    /// # Errors
    /// The connection failed.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, Error> {
        let mut connection = match self.take() {
            Some(connection) => connection,
            None => self.open().await?,
        };
        let (head, body) = connection.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        self.keep(connection);
        Ok(Response::from_parts(head, body))
    }

    /// Opens two connections, for concurrent calls. Failures are left to the calls.
    pub(crate) async fn preconnect(&self) {
        let (one, other) = tokio::join!(self.open(), self.open());
        [one, other].into_iter().flatten().for_each(|connection| self.keep(connection));
    }

    fn take(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        std::iter::from_fn(|| idle.pop()).find(|connection| !connection.is_closed())
    }

    fn keep(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }

    async fn open(&self) -> Result<Connection, Error> {
        let stream = TcpStream::connect((&*self.host, self.port)).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            Some(tls) => start(tls.connect(ServerName::try_from(self.host.clone())?, stream).await?).await,
            None => start(stream).await,
        }
    }
}

/// Starts HTTP on a stream.
async fn start<S>(stream: S) -> Result<Connection, Error>
where
    TokioIo<S>: Read + Write + Unpin,
    S: Send + 'static,
{
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    drop(tokio::spawn(connection));
    sender.ready().await?;
    Ok(sender)
}

/// Trusts the certificates of `AWS_CA_BUNDLE`, else Amazon's.
fn connector() -> Result<TlsConnector, Error> {
    let bundle = variable("AWS_CA_BUNDLE").map(fs::read).transpose()?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(bundle.as_deref().unwrap_or(AMAZON_ROOTS)) {
        roots.add(certificate?)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
