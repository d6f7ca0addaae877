//! One JSON Web Key: which are usable, and for what (RFC 7517, RFC 7518 section 6, RFC 8037).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::{BadKeySet, ED25519, Key, P256, RSA};

/// How many bits an RSA key has: fewer are too weak (RFC 7518, section 3.3), more cost an attacker's victim too much.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The bytes of a coordinate of P-256, and of an Ed25519 key.
const CURVE_BYTES: usize = 32;

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// Members that no published key has: a secret (RFC 7518, section 6.4.1), and all that belongs to private keys (sections
/// 6.2.2 and 6.3.2; RFC 8037, section 2).
const PRIVATE: [&str; 8] = ["k", "d", "p", "q", "dp", "dq", "qi", "oth"];

/// The usable keys of a set.
pub(super) fn read(text: &[u8]) -> Result<Vec<Key>, BadKeySet> {
    let Set { keys } = serde_json::from_slice(text).map_err(|_| BadKeySet::NotASet)?;
    if keys.iter().any(is_private) {
        return Err(BadKeySet::Private);
    }
    // Else an array of the members' values would do for a key.
    let keys = keys.into_iter().filter(Value::is_object);
    let keys = keys.filter_map(|key| serde_json::from_value(key).ok());
    Ok(keys.filter_map(usable).collect())
}

fn is_private(key: &Value) -> bool {
    let given = |name: &&str| key.get(name).is_some_and(|member| !member.is_null());
    PRIVATE.iter().any(given)
}

/// The key, with the algorithm that its type goes with and its `alg`, if it has one, agrees to.
fn usable(jwk: Jwk) -> Option<Key> {
    let may_verify = jwk.usage.as_deref().is_none_or(|usage| usage == "sig")
        && jwk.key_ops.as_ref().is_none_or(|uses| uses.iter().any(|operation| operation == "verify"));
    let (names, algorithm, verifier) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => (RSA, Algorithm::RS256, rsa(jwk.n?.as_str(), jwk.e?.as_str())?),
        ("EC", Some("P-256")) => (P256, Algorithm::ES256, p256(jwk.x?.as_str(), jwk.y?.as_str())?),
        ("OKP", Some("Ed25519")) => (ED25519, Algorithm::EdDSA, ed25519(jwk.x?.as_str())?),
        _ => return None,
    };
    let pinned = match &jwk.alg {
        None => names,
        Some(alg) => {
            let at = names.iter().position(|name| name == alg)?;
            &names[at..=at]
        }
    };
    may_verify.then_some(Key { id: jwk.kid, names: pinned, algorithm, verifier })
}

fn rsa(modulus: &str, exponent: &str) -> Option<DecodingKey> {
    let (modulus, exponent) = (unsigned(modulus)?, unsigned(exponent)?);
    let bits = modulus.len() * 8 - usize::try_from(modulus.first()?.leading_zeros()).ok()?;
    RSA_BITS.contains(&bits).then(|| DecodingKey::from_rsa_raw_components(&modulus, &exponent))
}

/// A number without the zeros that some issuers put before it.
fn unsigned(text: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let start = bytes.iter().position(|byte| *byte != 0)?;
    Some(bytes[start..].to_vec())
}

fn p256(x: &str, y: &str) -> Option<DecodingKey> {
    let whole = [x, y].iter().all(|coordinate| coordinate_of_curve(coordinate));
    whole.then(|| DecodingKey::from_ec_components(x, y).ok()).flatten()
}

fn ed25519(x: &str) -> Option<DecodingKey> {
    coordinate_of_curve(x).then(|| DecodingKey::from_ed_components(x).ok()).flatten()
}

fn coordinate_of_curve(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == CURVE_BYTES)
}
