//! Key sets of issuers: parsed or refused, and a key verifies only its own signatures.

use serde_json::Value;

use super::fixture::json_of;
use crate::domain::keys::{KeyHint, KeySet, KeySetError};

/// Algorithms of tokens, and the forbidden `none`.
const ALGORITHMS: [&str; 8] = ["RS256", "PS512", "ES256", "ES384", "EdDSA", "Ed25519", "HS256", "none"];

/// Input: a JWK set.
pub fn key_set(data: &[u8]) {
    let set = KeySet::try_from(data);
    let json = json_of(data);
    let keys = json.as_ref().and_then(|set| set["keys"].as_array());
    if keys.is_some_and(|keys| keys.iter().any(contains_secret)) {
        assert_ne!(set.as_ref().err(), Some(&KeySetError::NoneUsable));
    }
    let Ok(set) = set else { return };
    let ids = keys.into_iter().flatten().filter_map(|key| key["kid"].as_str());
    for id in ids.map(Some).chain([None, Some(""), Some("another")]) {
        for algorithm in ALGORITHMS {
            // Base64 of the lengths of signatures of P-256, Ed25519 and P-384.
            for signature in ["", "AAAA", &"A".repeat(86), &"_".repeat(85), &"A".repeat(128)] {
                let verified = set.verify(KeyHint { algorithm, id, issuer: None }, b"message", signature);
                assert!(verified.is_err(), "{algorithm} {id:?}");
            }
        }
    }
}

/// Returns `true` for a secret or private key.
fn contains_secret(key: &Value) -> bool {
    key.is_object()
        && ["d", "k", "p", "q", "dp", "dq", "qi", "oth"]
            .iter()
            .any(|name| key.get(*name).is_some_and(|member| !member.is_null()))
}
