//! A certificate authority that is made anew and trusted by nobody, and what it vouches for on this machine.
//! What must stay out: who is made to trust it.

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, PKCS_RSA_SHA256, RsaKeySize,
};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The names that its certificates are for.
const NAMES: [&str; 2] = ["127.0.0.1", "localhost"];

/// A certificate authority.
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
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
        Self::with(KeyPair::generate)
    }

    /// A new authority with keys like those of AWS's endpoints (RSA with 2048 bits). Making them takes a while; what
    /// checks their signatures has less to do.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn like_amazons() -> Result<Self> {
        Self::with(|| KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048))
    }

    fn with(new_key: NewKey) -> Result<Self> {
        let mut parameters = CertificateParams::default();
        // Another name than its servers have by default: a certificate with its issuer's name counts as its own issuer.
        parameters.distinguished_name.push(DnType::CommonName, "a test's authority");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = new_key().context("the authority has no key")?;
        let issuer =
            CertifiedIssuer::self_signed(parameters, key).context("the authority has no certificate")?;
        Ok(Self { issuer, new_key })
    }

    /// Its certificate in PEM, for who is to trust it.
    #[must_use]
    pub fn certificate(&self) -> String {
        self.issuer.pem()
    }

    /// What a server at a loopback address needs to speak TLS.
    pub(super) fn acceptor(&self) -> Result<TlsAcceptor> {
        let key = (self.new_key)().context("the server has no key")?;
        let names = NAMES.map(str::to_owned);
        let certificate = CertificateParams::new(names).and_then(|names| names.signed_by(&key, &self.issuer));
        let certificate = certificate.context("the server has no certificate")?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![certificate.der().clone()], key);
        Ok(TlsAcceptor::from(Arc::new(config.context("the server can't use its certificate")?)))
    }
}
