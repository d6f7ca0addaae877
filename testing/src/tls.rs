//! A certificate authority that is made anew and trusted by nobody, and what it vouches for on this machine.
//! What must stay out: who is made to trust it.

use std::sync::Arc;

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PKCS_RSA_SHA256, RsaKeySize,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// The names that its certificates are for.
const NAMES: [&str; 2] = ["127.0.0.1", "localhost"];

/// A certificate authority.
#[derive(Debug)]
pub struct Authority {
    /// What is trusted, in PEM.
    root: String,
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// What servers show beside their own certificates.
    between: Vec<CertificateDer<'static>>,
    new_key: NewKey,
}

/// Makes a key of one kind.
type NewKey = fn() -> Result<KeyPair, rcgen::Error>;

impl Authority {
    /// A new authority. Its keys, and those of its servers, are made in no time (ECDSA with P-256).
    ///
    /// # Errors
    /// When no key can be made.
    pub fn new() -> Result<Self> {
        let issuer = root(KeyPair::generate)?;
        Ok(Self { root: issuer.pem(), issuer, between: Vec::new(), new_key: KeyPair::generate })
    }

    /// A new authority like the one of AWS's endpoints: keys of RSA with 2048 bits, and another authority between the one
    /// that is trusted and the servers. Making the keys takes a while.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn like_amazons() -> Result<Self> {
        let new_key: NewKey = || KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048);
        let root = root(new_key)?;
        let key = new_key().context("the authority between has no key")?;
        let issuer = CertifiedIssuer::signed_by(parameters("a test's authority between"), key, &root)
            .context("the authority between has no certificate")?;
        Ok(Self { root: root.pem(), between: vec![issuer.der().clone()], issuer, new_key })
    }

    /// Its certificate in PEM, for who is to trust it.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.root
    }

    /// What a server at a loopback address needs to speak TLS.
    pub(super) fn acceptor(&self) -> Result<TlsAcceptor> {
        let key = (self.new_key)().context("the server has no key")?;
        let names = NAMES.map(str::to_owned);
        let certificate = CertificateParams::new(names).and_then(|names| names.signed_by(&key, &self.issuer));
        let certificate = certificate.context("the server has no certificate")?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth();
        let chain = [vec![certificate.der().clone()], self.between.clone()].concat();
        let config = config.with_single_cert(chain, key);
        Ok(TlsAcceptor::from(Arc::new(config.context("the server can't use its certificate")?)))
    }
}

fn root(new_key: NewKey) -> Result<CertifiedIssuer<'static, KeyPair>> {
    let key = new_key().context("the authority has no key")?;
    CertifiedIssuer::self_signed(parameters("a test's authority"), key)
        .context("the authority has no certificate")
}

/// Under another name than its servers have by default: a certificate with its issuer's name counts as its own issuer.
fn parameters(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters
}
