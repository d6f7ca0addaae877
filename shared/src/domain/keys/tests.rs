//! Choice of a key by algorithm, id and issuer, and parsing of key sets.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::*;

/// Test vectors of another library.
static VECTORS: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("tests/vectors.json")).unwrap());

/// Returns a key of the vectors with these members added.
fn key(name: &str, members: &Value) -> Value {
    let mut key = VECTORS["keys"][name].clone();
    key.as_object_mut().unwrap().extend(members.as_object().cloned().unwrap());
    key
}

fn parsed(keys: &[Value]) -> Result<KeySet, KeySetError> {
    json!({ "keys": keys }).to_string().parse()
}

/// Returns `true` if the set verifies the signature of this name for a token of this algorithm and key id.
fn verifies(set: &KeySet, algorithm: &str, id: Option<&str>, signature: &str) -> bool {
    let signature = VECTORS["signatures"][signature].as_str().unwrap();
    verified(set, KeyHint { algorithm, id, issuer: None }, signature).is_ok()
}

fn verified(set: &KeySet, hint: KeyHint<'_>, signature: &str) -> Result<(), Mismatch> {
    set.verify(hint, VECTORS["message"].as_str().unwrap().as_bytes(), signature)
}

fn all() -> KeySet {
    parsed(&["rsa", "p256", "p384", "ed25519"].map(|name| key(name, &json!({"kid": name})))).unwrap()
}

const GENUINE: [(&str, &str, &str); 5] = [
    ("RS256", "rsa", "RS256 by rsa"),
    ("ES256", "p256", "ES256 by p256"),
    ("ES384", "p384", "ES384 by p384"),
    ("EdDSA", "ed25519", "EdDSA by ed25519"),
    ("Ed25519", "ed25519", "EdDSA by ed25519"),
];

#[test]
fn signatures_of_another_library_verify() {
    for (algorithm, id, signature) in GENUINE {
        assert!(verifies(&all(), algorithm, Some(id), signature), "{signature}");
        assert!(verifies(&all(), algorithm, None, signature), "{signature} without kid");
    }
}

#[test]
fn signature_is_bound_to_its_message() {
    for (algorithm, id, signature) in GENUINE {
        let signature = VECTORS["signatures"][signature].as_str().unwrap();
        let hint = KeyHint { algorithm, id: Some(id), issuer: None };
        for message in ["", "another message", "a message that was signed "] {
            let verified = all().verify(hint, message.as_bytes(), signature);
            assert_eq!(verified, Err(Mismatch::Signature), "{algorithm}: {message}");
        }
    }
}

#[test]
fn key_is_pinned_to_its_algorithm() {
    let set = all();
    for id in ["rsa", "p256", "p384", "ed25519"] {
        for (_, _, signature) in GENUINE {
            for algorithm in
                ["RS256", "ES256", "ES384", "EdDSA", "HS256", "RS512", "PS256", "none", "", "rs256"]
            {
                let right = GENUINE.contains(&(algorithm, id, signature));
                let verified = verifies(&set, algorithm, Some(id), signature);
                assert!(!verified || right, "{signature} as {algorithm} by {id}");
            }
        }
    }
    for (algorithm, id, signature) in [
        ("RS512", "rsa", "RS512 by rsa"),
        ("PS256", "rsa", "PS256 by rsa"),
        ("RS256", "rsa", "RS512 by rsa"),
        ("RS256", "rsa", "PS256 by rsa"),
        ("ES256", "p256", "ES256 in DER by p256"),
        ("ES384", "p256", "ES384 by p384"),
    ] {
        assert!(!verifies(&set, algorithm, Some(id), signature), "{signature} as {algorithm}");
    }
}

#[test]
fn alg_overrides_the_default_of_its_type() {
    for (name, alg, works, other) in
        [("ed25519", "EdDSA", "EdDSA", "Ed25519"), ("ed25519", "Ed25519", "Ed25519", "EdDSA")]
    {
        let set = parsed(&[key(name, &json!({"kid": "k", "alg": alg}))]).unwrap();
        assert!(verifies(&set, works, Some("k"), "EdDSA by ed25519"));
        assert!(!verifies(&set, other, Some("k"), "EdDSA by ed25519"));
    }
    for alg in ["HS256", "none", "rs256", "RSA-OAEP", "ES256"] {
        assert_eq!(
            parsed(&[key("rsa", &json!({"alg": alg}))]).unwrap_err(),
            KeySetError::NoneUsable,
            "{alg}"
        );
    }
}

#[test]
fn rsa_key_verifies_its_alg_only() {
    let algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
    for named in algorithms {
        let set = parsed(&[key("rsa-all", &json!({"kid": "k", "alg": named}))]).unwrap();
        for (algorithm, signed) in algorithms.iter().flat_map(|one| algorithms.map(|other| (*one, other))) {
            let genuine = verifies(&set, algorithm, Some("k"), &format!("{signed} by rsa-all"));
            assert_eq!(genuine, algorithm == named && signed == named, "{signed} as {algorithm} by {named}");
        }
    }
}

#[test]
fn key_of_one_issuer_verifies_no_other() {
    let all = "https://login.example/{tenantid}/v2.0";
    let verify = |own: Value, issuer: Option<&str>| {
        let set = parsed(&[key("rsa", &json!({"kid": "k", "issuer": own}))]).unwrap();
        let signature = VECTORS["signatures"]["RS256 by rsa"].as_str().unwrap();
        verified(&set, KeyHint { algorithm: "RS256", id: Some("k"), issuer }, signature)
    };
    for (own, issuer) in [
        (json!("https://login.example/t1/v2.0"), Some("https://login.example/t1/v2.0")),
        (json!("https://login.example/t1/v2.0"), None),
        (json!(all), Some("https://login.example/t1/v2.0")),
        (json!(null), Some("https://login.example/t1/v2.0")),
    ] {
        assert_eq!(verify(own.clone(), issuer), Ok(()), "{own} {issuer:?}");
    }
    let foreign = verify(json!("https://login.example/t1/v2.0"), Some("https://login.example/t2/v2.0"));
    assert_eq!(foreign, Err(Mismatch::Key));
}

#[test]
fn mismatch_has_its_reason() {
    for (algorithm, id, signature, mismatch) in [
        ("HS256", Some("rsa"), "RS256 by rsa", Mismatch::Algorithm),
        ("none", None, "RS256 by rsa", Mismatch::Algorithm),
        ("RS256", Some("p256"), "RS256 by rsa", Mismatch::Key),
        ("RS256", Some(""), "RS256 by rsa", Mismatch::Key),
        ("RS256", Some("rsa"), "RS512 by rsa", Mismatch::Signature),
        ("RS256", None, "RS512 by rsa", Mismatch::Signature),
    ] {
        let signature = VECTORS["signatures"][signature].as_str().unwrap();
        assert_eq!(
            verified(&all(), KeyHint { algorithm, id, issuer: None }, signature),
            Err(mismatch),
            "{algorithm} {id:?}"
        );
    }
    let two = parsed(&["1", "2"].map(|id| key("rsa", &json!({"kid": id})))).unwrap();
    let signature = VECTORS["signatures"]["RS256 by rsa"].as_str().unwrap();
    let hint = KeyHint { algorithm: "RS256", id: None, issuer: None };
    assert_eq!(verified(&two, hint, signature), Err(Mismatch::Key));
}

#[test]
fn kid_chooses_the_key() {
    let set = all();
    for id in ["p256", "ed25519", "RSA", "rsa ", ""] {
        assert!(!verifies(&set, "RS256", Some(id), "RS256 by rsa"), "{id:?}");
    }
    assert!(set.contains("rsa") && !set.contains("other") && !set.contains(""));
}

#[test]
fn without_kid_one_key_must_fit() {
    let (first, second) = (key("rsa", &json!({"kid": "1"})), key("rsa", &json!({})));
    assert!(verifies(&parsed(std::slice::from_ref(&second)).unwrap(), "RS256", None, "RS256 by rsa"));
    assert!(!verifies(&parsed(&[first, second]).unwrap(), "RS256", None, "RS256 by rsa"));
    assert!(!verifies(&all(), "HS256", None, "RS256 by rsa"));
}

#[test]
fn any_key_with_the_kid_may_verify() {
    let set =
        parsed(&["p256", "rsa", "p384", "ed25519"].map(|name| key(name, &json!({"kid": "same"})))).unwrap();
    for (algorithm, _, signature) in GENUINE {
        assert!(verifies(&set, algorithm, Some("same"), signature), "{signature}");
    }
}

#[test]
fn unusable_keys_are_skipped() {
    for members in [
        json!({"use": "enc"}),
        json!({"key_ops": ["encrypt"]}),
        json!({"key_ops": []}),
        json!({"kty": "rsa"}),
        json!({"kty": 1}),
        json!({"kid": 5}),
        json!({"n": "AQAB"}),
        json!({"n": "not base64!"}),
        json!({"n": ""}),
        json!({"e": ""}),
        json!({"n": null}),
    ] {
        assert_eq!(parsed(&[key("rsa", &members)]).unwrap_err(), KeySetError::NoneUsable, "{members}");
    }
    for members in [json!({"use": "sig"}), json!({"key_ops": ["verify"]}), json!({"x5t": "?", "x5c": ["?"]})]
    {
        assert!(parsed(&[key("rsa", &members)]).is_ok(), "{members}");
    }
    for members in
        [json!({"x": "AQAB"}), json!({"crv": "P-384"}), json!({"crv": "secp256k1"}), json!({"y": null})]
    {
        assert_eq!(parsed(&[key("p256", &members)]).unwrap_err(), KeySetError::NoneUsable, "{members}");
    }
    for members in [json!({"x": "AQAB"}), json!({"crv": "X25519"}), json!({"crv": "Ed448"})] {
        assert_eq!(parsed(&[key("ed25519", &members)]).unwrap_err(), KeySetError::NoneUsable, "{members}");
    }
    for members in [json!({"crv": "P-256"}), json!({"crv": "P-521"}), json!({"alg": "ES256"})] {
        assert_eq!(parsed(&[key("p384", &members)]).unwrap_err(), KeySetError::NoneUsable, "{members}");
    }
}

#[test]
fn rsa_keys_have_2048_to_8192_bits() {
    assert_eq!(parsed(&[key("rsa1024", &json!({}))]).unwrap_err(), KeySetError::NoneUsable);
    let modulus = |bytes: usize| json!({"n": URL_SAFE_NO_PAD.encode(vec![0xff; bytes])});
    for (bytes, usable) in [(255, false), (256, true), (1024, true), (1025, false)] {
        assert_eq!(parsed(&[key("rsa", &modulus(bytes))]).is_ok(), usable, "{bytes} bytes");
    }
}

#[test]
fn leading_zero_of_the_modulus_is_stripped() {
    let modulus = VECTORS["keys"]["rsa"]["n"].as_str().unwrap();
    let padded = [vec![0], URL_SAFE_NO_PAD.decode(modulus).unwrap()].concat();
    let set = parsed(&[key("rsa", &json!({"n": URL_SAFE_NO_PAD.encode(padded)}))]).unwrap();
    assert!(verifies(&set, "RS256", None, "RS256 by rsa"));
}

#[test]
fn point_off_the_curve_verifies_nothing() {
    let set = parsed(&[key("p256", &json!({"y": URL_SAFE_NO_PAD.encode([7; 32])}))]);
    assert!(!set.is_ok_and(|set| verifies(&set, "ES256", None, "ES256 by p256")));
}

#[test]
fn invalid_key_leaves_the_others_usable() {
    let set = parsed(&[
        json!({"kty": "future"}),
        json!(null),
        json!({}),
        json!([1, 1, 1]),
        json!("RSA"),
        key("rsa", &json!({"kid": "good"})),
    ]);
    assert!(verifies(&set.unwrap(), "RS256", Some("good"), "RS256 by rsa"));
}

#[test]
fn set_with_a_secret_is_refused() {
    for secret in [
        json!({"kty": "oct", "k": "c2VjcmV0"}),
        key("rsa", &json!({"d": "c2VjcmV0"})),
        key("rsa", &json!({"p": "c2VjcmV0"})),
        key("rsa", &json!({"q": "c2VjcmV0"})),
        key("rsa", &json!({"dp": "c2VjcmV0", "dq": "c2VjcmV0", "qi": "c2VjcmV0"})),
        key("rsa", &json!({"oth": []})),
        key("p256", &json!({"d": "c2VjcmV0", "use": "enc"})),
        key("ed25519", &json!({"d": ""})),
    ] {
        assert_eq!(
            parsed(&[key("rsa", &json!({})), secret.clone()]).unwrap_err(),
            KeySetError::Private,
            "{secret}"
        );
    }
}

#[test]
fn other_json_is_refused() {
    for text in [
        "",
        "null",
        "[]",
        "{}",
        "{\"keys\":{}}",
        "{\"keys\":null}",
        "{\"keys\":[]",
        "keys",
        "\u{feff}{\"keys\":[]}",
    ] {
        assert_eq!(text.parse::<KeySet>().unwrap_err(), KeySetError::NotASet, "{text}");
    }
    assert_eq!("{\"keys\":[]}".parse::<KeySet>().unwrap_err(), KeySetError::NoneUsable);
    assert_eq!(KeySet::try_from(&b"{\"keys\":[\"\xff\"]}"[..]).unwrap_err(), KeySetError::NotASet);
    // A single key instead of a set is a common mistake.
    let key = VECTORS["keys"]["rsa"].to_string();
    assert_eq!(key.parse::<KeySet>().unwrap_err(), KeySetError::NotASet);
}

#[test]
fn debug_output_contains_no_key() {
    let secret = Key::secret(b"hunter2 hunter2 hunter2 hunter2 hunter2");
    assert!(!format!("{secret:?}").contains("hunter2"));
}
