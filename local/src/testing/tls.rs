//! A certificate authority that is made anew and trusted by nobody, and what it vouches for on this machine.
//! What must stay out: who is made to trust it.

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The names that its certificates are for.
const NAMES: [&str; 2] = ["127.0.0.1", "localhost"];

/// A certificate authority.
#[derive(Debug)]
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// A new authority.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn new() -> Result<Self> {
        let mut parameters = CertificateParams::default();
        // Another name than its servers have by default: a certificate with its issuer's name counts as its own issuer.
        parameters.distinguished_name.push(DnType::CommonName, "a test's authority");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().context("the authority has no key")?;
        CertifiedIssuer::self_signed(parameters, key).map(Self).context("the authority has no certificate")
    }

    /// Its certificate in PEM, for who is to trust it.
    #[must_use]
    pub fn certificate(&self) -> String {
        self.0.pem()
    }

    /// What a server at a loopback address needs to speak TLS.
    pub(super) fn acceptor(&self) -> Result<TlsAcceptor> {
        let key = KeyPair::generate().context("the server has no key")?;
        let names = NAMES.map(str::to_owned);
        let certificate = CertificateParams::new(names).and_then(|names| names.signed_by(&key, &self.0));
        let certificate = certificate.context("the server has no certificate")?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![certificate.der().clone()], key);
        Ok(TlsAcceptor::from(Arc::new(config.context("the server can't use its certificate")?)))
    }
}
