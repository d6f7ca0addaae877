//! Generated certificate authority, and its certificates for servers on this machine.

use std::sync::Arc;

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PKCS_RSA_SHA256, RsaKeySize,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Subject alternative names of its certificates.
const NAMES: [&str; 2] = ["127.0.0.1", "localhost"];

/// Certificate authority.
#[derive(Debug)]
pub struct Authority {
    /// Root certificate in PEM.
    root: String,
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// Intermediate certificates, which servers send with their own.
    intermediates: Vec<CertificateDer<'static>>,
    new_key: NewKey,
}

/// Makes a key of one kind.
type NewKey = fn() -> Result<KeyPair, rcgen::Error>;

impl Authority {
    /// Generates an authority. Its keys and those of its servers are fast to generate (ECDSA with P-256).
    ///
    /// # Errors
    /// A key can't be generated.
    pub fn new() -> Result<Self> {
        let issuer = root(KeyPair::generate)?;
        Ok(Self { root: issuer.pem(), issuer, intermediates: Vec::new(), new_key: KeyPair::generate })
    }

    /// Generates an authority like that of AWS's endpoints: RSA keys of 2048 bits, and an intermediate authority. The keys
    /// are slow to generate.
    ///
    /// # Errors
    /// A key can't be generated.
    pub fn like_amazons() -> Result<Self> {
        let new_key: NewKey = || KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048);
        let root = root(new_key)?;
        let key = new_key().context("the intermediate authority has no key")?;
        let issuer = CertifiedIssuer::signed_by(parameters("a test's intermediate authority"), key, &root)
            .context("the intermediate authority has no certificate")?;
        Ok(Self { root: root.pem(), intermediates: vec![issuer.der().clone()], issuer, new_key })
    }

    /// Returns its root certificate in PEM.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.root
    }

    /// Returns a TLS acceptor for a server at a loopback address.
    pub(super) fn acceptor(&self) -> Result<TlsAcceptor> {
        let key = (self.new_key)().context("the server has no key")?;
        let names = NAMES.map(str::to_owned);
        let certificate = CertificateParams::new(names).and_then(|names| names.signed_by(&key, &self.issuer));
        let certificate = certificate.context("the server has no certificate")?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth();
        let chain = [vec![certificate.der().clone()], self.intermediates.clone()].concat();
        let config = config.with_single_cert(chain, key);
        Ok(TlsAcceptor::from(Arc::new(config.context("the server can't use its certificate")?)))
    }
}

fn root(new_key: NewKey) -> Result<CertifiedIssuer<'static, KeyPair>> {
    let key = new_key().context("the authority has no key")?;
    CertifiedIssuer::self_signed(parameters("a test's authority"), key)
        .context("the authority has no certificate")
}

/// Returns parameters of an authority. Its name differs from its servers' default name, because a certificate with its
/// issuer's name counts as self-signed.
fn parameters(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters
}
