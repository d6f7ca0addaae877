//! Keys of an identity provider, generated for each test, and their signatures. A library other than the service's signs.

use anyhow::{Result, anyhow};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
    RsaEncoding,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};

/// Key pair or secret with an id.
#[derive(Debug)]
pub struct SigningKey {
    id: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Secret(Vec<u8>),
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// Signature scheme, relative to the type of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// HS256, RS256, ES256, ES384 or `EdDSA`.
    Usual,
    /// HS512 or RS512.
    Sha512,
    /// PS256.
    Pss,
    /// ECDSA in DER instead of two numbers of fixed length.
    Der,
}

impl SigningKey {
    /// Generates an RSA key of 2048 bits.
    ///
    /// # Errors
    /// The key can't be generated.
    pub fn rsa(id: &str) -> Result<Self> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow!("no RSA key"))?;
        Ok(Self { id: id.to_owned(), kind: Kind::Rsa(pair) })
    }

    /// Generates a key of the curve P-256.
    ///
    /// # Errors
    /// The key can't be generated.
    pub fn p256(id: &str) -> Result<Self> {
        let pair =
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| anyhow!("no EC key"))?;
        Ok(Self { id: id.to_owned(), kind: Kind::P256(pair) })
    }

    /// Generates a key of the curve P-384.
    ///
    /// # Errors
    /// The key can't be generated.
    pub fn p384(id: &str) -> Result<Self> {
        let pair =
            EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).map_err(|_| anyhow!("no EC key"))?;
        Ok(Self { id: id.to_owned(), kind: Kind::P384(pair) })
    }

    /// Generates an Ed25519 key.
    ///
    /// # Errors
    /// The key can't be generated.
    pub fn ed25519(id: &str) -> Result<Self> {
        let pair = Ed25519KeyPair::generate().map_err(|_| anyhow!("no Ed25519 key"))?;
        Ok(Self { id: id.to_owned(), kind: Kind::Ed25519(pair) })
    }

    /// Wraps a secret for HMAC.
    #[must_use]
    pub fn secret(id: &str, secret: &[u8]) -> Self {
        Self { id: id.to_owned(), kind: Kind::Secret(secret.to_vec()) }
    }

    /// Returns the `kid`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the `alg` of [`Scheme::Usual`].
    #[must_use]
    pub fn algorithm(&self) -> &'static str {
        match self.kind {
            Kind::Secret(_) => "HS256",
            Kind::Rsa(_) => "RS256",
            Kind::P256(_) => "ES256",
            Kind::P384(_) => "ES384",
            Kind::Ed25519(_) => "EdDSA",
        }
    }

    /// Returns the public key as a JWK. Of a secret, only the type and the id.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let id = &self.id;
        match &self.kind {
            Kind::Secret(_) => json!({"kty": "oct", "kid": id}),
            Kind::Rsa(pair) => {
                let key = pair.public_key();
                let modulus = BASE64.encode(key.modulus().big_endian_without_leading_zero());
                let exponent = BASE64.encode(key.exponent().big_endian_without_leading_zero());
                json!({"kty": "RSA", "kid": id, "n": modulus, "e": exponent})
            }
            Kind::P256(pair) => point(id, "P-256", pair),
            Kind::P384(pair) => point(id, "P-384", pair),
            Kind::Ed25519(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "kid": id, "x": BASE64.encode(pair.public_key())})
            }
        }
    }

    /// Returns the public key in DER, as in certificates. Careless verifiers take these bytes as an HMAC secret.
    ///
    /// # Errors
    /// The key is not an RSA key.
    pub fn public_der(&self) -> Result<Vec<u8>> {
        let Kind::Rsa(pair) = &self.kind else {
            return Err(anyhow!("only RSA keys are confused with secrets"));
        };
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| anyhow!("no DER"))?;
        Ok(der.as_ref().to_vec())
    }

    /// Returns a signature in base64url.
    ///
    /// # Errors
    /// The key does not support the scheme.
    pub fn sign(&self, scheme: Scheme, message: &[u8]) -> Result<String> {
        let signature = match (&self.kind, scheme) {
            (Kind::Secret(secret), Scheme::Usual) => mac(hmac::HMAC_SHA256, secret, message),
            (Kind::Secret(secret), Scheme::Sha512) => mac(hmac::HMAC_SHA512, secret, message),
            (Kind::Rsa(pair), Scheme::Usual) => rsa(pair, &RSA_PKCS1_SHA256, message)?,
            (Kind::Rsa(pair), Scheme::Sha512) => rsa(pair, &RSA_PKCS1_SHA512, message)?,
            (Kind::Rsa(pair), Scheme::Pss) => rsa(pair, &RSA_PSS_SHA256, message)?,
            (Kind::P256(pair) | Kind::P384(pair), Scheme::Usual) => ecdsa(pair, message)?,
            (Kind::P256(pair), Scheme::Der) => ecdsa(&in_der(pair)?, message)?,
            (Kind::Ed25519(pair), Scheme::Usual) => pair.sign(message).as_ref().to_vec(),
            (_, scheme) => return Err(anyhow!("{} can't sign as {scheme:?}", self.id)),
        };
        Ok(BASE64.encode(signature))
    }

    /// Returns a valid token with these claims.
    ///
    /// # Errors
    /// The key can't sign.
    pub fn token(&self, claims: &Value) -> Result<String> {
        let header = json!({"alg": self.algorithm(), "typ": "JWT", "kid": self.id});
        let message = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        Ok(format!("{message}.{}", self.sign(Scheme::Usual, message.as_bytes())?))
    }
}

/// Returns the JWK set of these keys.
#[must_use]
pub fn jwks(keys: &[&SigningKey]) -> Value {
    json!({ "keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>() })
}

fn point(id: &str, curve: &str, pair: &EcdsaKeyPair) -> Value {
    // A byte that says "uncompressed", then both coordinates.
    let coordinates = &pair.public_key().as_ref()[1..];
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    json!({"kty": "EC", "crv": curve, "kid": id, "x": BASE64.encode(x), "y": BASE64.encode(y)})
}

fn mac(algorithm: hmac::Algorithm, secret: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(algorithm, secret), message).as_ref().to_vec()
}

fn rsa(pair: &RsaKeyPair, encoding: &'static dyn RsaEncoding, message: &[u8]) -> Result<Vec<u8>> {
    let mut signature = vec![0; pair.public_modulus_len()];
    let signed = pair.sign(encoding, &SystemRandom::new(), message, &mut signature);
    signed.map_err(|_| anyhow!("the RSA key can't sign"))?;
    Ok(signature)
}

fn ecdsa(pair: &EcdsaKeyPair, message: &[u8]) -> Result<Vec<u8>> {
    let signature = pair.sign(&SystemRandom::new(), message).map_err(|_| anyhow!("the EC key can't sign"))?;
    Ok(signature.as_ref().to_vec())
}

/// Returns the same key with signatures in DER.
fn in_der(pair: &EcdsaKeyPair) -> Result<EcdsaKeyPair> {
    let document = pair.to_pkcs8v1().map_err(|_| anyhow!("the EC key can't be written"))?;
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref())
        .map_err(|_| anyhow!("the EC key can't be read"))
}
