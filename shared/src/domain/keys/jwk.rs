//! JSON Web Keys: selection of the usable ones (RFC 7517, RFC 7518 section 6, RFC 8037).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

use super::super::json::Literal;
use super::{ED25519, Key, KeySetError, P256, P384, RSA};

/// Accepted sizes of RSA keys in bits. Fewer are too weak (RFC 7518, section 3.3), more make verification too slow.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Length in bytes of a coordinate of P-256, and of an Ed25519 key.
const P256_BYTES: usize = 32;

/// Length in bytes of a coordinate of P-384.
const P384_BYTES: usize = 48;

#[derive(Deserialize)]
struct Set {
    keys: Vec<Literal<false>>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    /// Extension of Microsoft Entra: the issuer that the key signs for, or a pattern such as
    /// `https://login.microsoftonline.com/{tenantid}/v2.0` for a key that signs for all.
    issuer: Option<Value>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// Members of secrets (RFC 7518, section 6.4.1) and private keys (sections 6.2.2 and 6.3.2; RFC 8037, section 2), which
/// must never be published.
const PRIVATE: [&str; 8] = ["k", "d", "p", "q", "dp", "dq", "qi", "oth"];

/// Parses a set and returns its usable keys.
pub(super) fn read(text: &[u8]) -> Result<Vec<Key>, KeySetError> {
    let Set { keys } = serde_json::from_slice(text).map_err(|_| KeySetError::NotASet)?;
    let keys: Vec<Value> = keys.into_iter().map(|Literal(key)| key).collect();
    if keys.iter().any(is_private) {
        return Err(KeySetError::Private);
    }
    // serde would also read a key from an array of the members' values.
    let keys = keys.into_iter().filter(Value::is_object);
    let keys = keys.filter_map(|key| serde_json::from_value(key).ok());
    Ok(keys.filter_map(usable).collect())
}

fn is_private(key: &Value) -> bool {
    let is_present = |name: &&str| key.get(name).is_some_and(|member| !member.is_null());
    PRIVATE.iter().any(is_present)
}

/// Returns the key, or `None` if its type is unknown, its `alg` contradicts the type, or it is not for verifying.
fn usable(jwk: Jwk) -> Option<Key> {
    let may_verify = jwk.usage.as_deref().is_none_or(|usage| usage == "sig")
        && jwk.key_ops.as_ref().is_none_or(|uses| uses.iter().any(|operation| operation == "verify"));
    let (family, verifier) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => (RSA, rsa(jwk.n?.as_str(), jwk.e?.as_str())?),
        ("EC", Some("P-256")) => (P256, point(jwk.x?.as_str(), jwk.y?.as_str(), P256_BYTES)?),
        ("EC", Some("P-384")) => (P384, point(jwk.x?.as_str(), jwk.y?.as_str(), P384_BYTES)?),
        ("OKP", Some("Ed25519")) => (ED25519, ed25519(jwk.x?.as_str())?),
        _ => return None,
    };
    let names = family.pinned(jwk.alg.as_deref())?;
    let issuer = jwk.issuer.as_ref().and_then(Value::as_str).filter(|issuer| !issuer.contains('{'));
    may_verify.then_some(Key { id: jwk.kid, issuer: issuer.map(str::to_owned), names, verifier })
}

fn rsa(modulus: &str, exponent: &str) -> Option<DecodingKey> {
    let (modulus, exponent) = (unsigned(modulus)?, unsigned(exponent)?);
    let bits = modulus.len() * 8 - usize::try_from(modulus.first()?.leading_zeros()).ok()?;
    RSA_BITS.contains(&bits).then(|| DecodingKey::from_rsa_raw_components(&modulus, &exponent))
}

/// Decodes a number and strips the leading zeros that some issuers write.
fn unsigned(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let start = bytes.iter().position(|byte| *byte != 0)?;
    Some(bytes[start..].to_vec())
}

fn point(x: &str, y: &str, bytes: usize) -> Option<DecodingKey> {
    let is_point = [x, y].iter().all(|coordinate| has_bytes(coordinate, bytes));
    is_point.then(|| DecodingKey::from_ec_components(x, y).ok()).flatten()
}

fn ed25519(x: &str) -> Option<DecodingKey> {
    has_bytes(x, P256_BYTES).then(|| DecodingKey::from_ed_components(x).ok()).flatten()
}

fn has_bytes(text: &str, bytes: usize) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|decoded| decoded.len() == bytes)
}
