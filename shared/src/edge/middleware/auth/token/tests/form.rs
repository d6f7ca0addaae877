//! Form, algorithm and signature of tokens.

use proptest::prelude::*;

use super::*;

fn usual() -> String {
    signed(HEADER, &claims().to_string())
}

fn with_header(header: &str) -> Option<Caller> {
    verified(&signed(header, &claims().to_string()))
}

#[test]
fn unsigned_token_is_refused() {
    for algorithm in ["none", "None", "NONE", "nOnE", "", " none", "null"] {
        let header = json!({"alg": algorithm, "typ": "JWT"}).to_string();
        let unsigned = format!("{}.{}.", encoded(&header), encoded(&claims().to_string()));
        assert_eq!(verified(&unsigned), None, "{algorithm:?}");
        assert_eq!(with_header(&header), None, "{algorithm:?}");
    }
    let stripped = usual().rsplit_once('.').unwrap().0.to_owned();
    assert_eq!(verified(&format!("{stripped}.")), None);
    assert_eq!(verified(&stripped), None);
}

#[test]
fn only_the_algorithm_of_the_key_verifies() {
    for (name, algorithm) in [("HS384", Algorithm::HS384), ("HS512", Algorithm::HS512)] {
        // Signed as another algorithm, under its own name and under the right one.
        for header in [json!({ "alg": name }), json!({ "alg": "HS256" })] {
            let message = format!("{}.{}", encoded(&header.to_string()), encoded(&claims().to_string()));
            let token = format!("{message}.{}", signature(&message, SECRET, algorithm));
            assert_eq!(verified(&token), None, "{header} signed as {name}");
        }
        assert_eq!(with_header(&json!({ "alg": name }).to_string()), None);
    }
    for header in [
        r#"{"alg":"RS256"}"#,
        r#"{"alg":"ES256"}"#,
        r#"{"alg":"hs256"}"#,
        r#"{"alg":"HS256 "}"#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":null}"#,
        r#"{"typ":"JWT"}"#,
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
    ] {
        assert_eq!(with_header(header), None, "{header}");
    }
}

#[test]
fn other_key_does_not_verify() {
    let message = format!("{}.{}", encoded(HEADER), encoded(&claims().to_string()));
    let forged = signature(&message, "another secret of at least 32 bytes", Algorithm::HS256);
    assert_eq!(verified(&format!("{message}.{forged}")), None);
}

#[test]
fn type_is_a_token_type_or_absent() {
    for header in [
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"HS256","typ":"JWT"}"#,
        r#"{"alg":"HS256","typ":"jwt"}"#,
        r#"{"alg":"HS256","typ":"at+jwt"}"#,
        r#"{"alg":"HS256","typ":"application/at+jwt"}"#,
        r#"{"alg":"HS256","kid":"1"}"#,
    ] {
        assert!(with_header(header).is_some(), "{header}");
    }
    for header in [
        r#"{"alg":"HS256","typ":"JOSE"}"#,
        r#"{"alg":"HS256","typ":"dpop+jwt"}"#,
        r#"{"alg":"HS256","typ":""}"#,
        r#"{"alg":"HS256","typ":null}"#,
        r#"{"alg":"HS256","typ":["JWT"]}"#,
    ] {
        assert_eq!(with_header(header), None, "{header}");
    }
}

#[test]
fn unsupported_header_extensions_are_refused() {
    for header in [
        r#"{"alg":"HS256","crit":["exp"]}"#,
        r#"{"alg":"HS256","crit":[]}"#,
        r#"{"alg":"HS256","crit":null}"#,
        r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#,
        r#"{"alg":"HS256","b64":false}"#,
        r#"{"alg":"HS256","b64":true}"#,
        r#"{"alg":"HS256","b64":null}"#,
    ] {
        assert_eq!(with_header(header), None, "{header}");
    }
}

#[test]
fn keys_in_the_token_are_ignored() {
    let own = URL_SAFE_NO_PAD.encode("the key of an attacker, 32 bytes long");
    let header = json!({"alg": "HS256", "jwk": {"kty": "oct", "k": own}, "jku": "https://evil.example", "kid": "../x"});
    let message = format!("{}.{}", encoded(&header.to_string()), encoded(&claims().to_string()));
    let forged = signature(&message, "the key of an attacker, 32 bytes long", Algorithm::HS256);
    assert_eq!(verified(&format!("{message}.{forged}")), None);
}

#[test]
fn token_has_at_most_8_kib() {
    let of_padding = |length| with("padding", json!("p".repeat(length)));
    let length = (0..8_192).rev().find(|length| of_padding(*length).len() <= 8_192).unwrap();
    assert_eq!(of_padding(length).len(), 8_192);
    assert!(verified(&of_padding(length)).is_some());
    assert_eq!(of_padding(length + 1).len(), 8_193);
    assert_eq!(verified(&of_padding(length + 1)), None);
}

#[test]
fn token_has_three_parts_in_one_spelling() {
    let token = usual();
    let [header, claims, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    for other in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{signature}"),
        format!("{header}..{claims}.{signature}"),
        format!("{header}.{claims}"),
        format!("{header}.{signature}"),
        format!("{header}.{claims}.{signature}="),
        format!("{header}=.{claims}.{signature}"),
        format!("{header}.{claims}.{signature}A"),
        format!("{header}.{claims}.{signature}AAAA"),
        format!("{header}.{claims}.{}", &signature[..42]),
        format!("{header}.{claims}.{}", &signature[..22]),
        format!(" {token}"),
        format!("{token} "),
        format!("{token}\n"),
        token.replace('.', ".\n"),
        format!("{token},{token}"),
    ] {
        assert_eq!(verified(&other), None, "{other:?}");
    }
}

#[test]
fn parts_are_json_objects_even_if_signed() {
    for header in [r#"["HS256"]"#, r#"["HS256","JWT"]"#, r#"{"alg":"HS256","x":"\ud800"}"#] {
        assert_eq!(with_header(header), None, "{header}");
    }
    let values = json!(["https://issuer.example", "alice", "projects", NOW + 60]).to_string();
    let nested = edited("\"alice\"", &format!("\"alice\",\"x\":{}{}", "[".repeat(200), "]".repeat(200)));
    let no_surrogate = edited("\"alice\"", r#""alice","x":"\ud800""#);
    for token in [signed(HEADER, &values), nested, no_surrogate, not_utf_8()] {
        assert_eq!(verified(&token), None, "{token}");
    }
    // White space around an object is JSON as well.
    assert!(verified(&signed(&format!(" {HEADER} "), &format!("\r\n\t{:#}\n", claims()))).is_some());
}

/// Returns a token with a byte that is no UTF-8, in an unknown claim.
fn not_utf_8() -> String {
    let text = claims().to_string().replace("\"acme\"", "\"acme\"],\"x\":[\"~\"");
    let bytes: Vec<_> = text.bytes().map(|byte| if byte == b'~' { 0xff } else { byte }).collect();
    let message = format!("{}.{}", encoded(HEADER), URL_SAFE_NO_PAD.encode(bytes));
    format!("{message}.{}", signature(&message, SECRET, Algorithm::HS256))
}

#[test]
fn parts_are_unpadded_base64url_even_if_signed() {
    let text = json!({"iss": "https://issuer.example", "aud": "projects", "sub": "a?>~", "exp": NOW + 60})
        .to_string();
    // Spaces change the length, so that padding or unused bits occur.
    for spaces in 0..3 {
        let text = format!("{text}{}", " ".repeat(spaces));
        let standard = base64::engine::general_purpose::STANDARD.encode(&text);
        let url = encoded(&text);
        assert!(verified(&signed(HEADER, &text)).is_some());
        for other in [
            standard.clone(),
            standard.trim_end_matches('=').to_owned(),
            format!("{url}="),
            non_canonical(&url),
        ] {
            if other != url {
                let message = format!("{}.{other}", encoded(HEADER));
                let token = format!("{message}.{}", signature(&message, SECRET, Algorithm::HS256));
                assert_eq!(verified(&token), None, "{other}");
            }
        }
    }
}

/// Sets the unused bits of the last character, if it has any.
fn non_canonical(text: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = ALPHABET.iter().position(|letter| text.ends_with(char::from(*letter))).unwrap();
    let other = if text.len().is_multiple_of(4) { value } else { value | 1 };
    format!("{}{}", &text[..text.len() - 1], char::from(ALPHABET[other]))
}

#[test]
fn last_character_of_signature_has_one_spelling() {
    let token = usual();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let other = non_canonical(signature);
    assert_ne!(other, signature);
    assert_eq!(verified(&format!("{message}.{other}")), None);
}

proptest! {
    #[test]
    fn no_random_text_is_a_token(text in "\\PC{0,80}", parts in "[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,43}") {
        prop_assert_eq!(verified(&text), None);
        prop_assert_eq!(verified(&parts), None);
    }

    #[test]
    fn no_header_or_claims_make_verification_panic(header in "\\PC{0,40}", text in "\\PC{0,40}") {
        prop_assert_eq!(verified(&signed(&header, &claims().to_string())), None);
        prop_assert_eq!(verified(&signed(HEADER, &text)), None);
    }

    #[test]
    fn changed_character_invalidates_the_token(position: prop::sample::Index, letter in "[A-Za-z0-9_.=é-]") {
        let token = usual();
        let position = position.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(position..=position, &letter);
        prop_assert_eq!(verified(&changed).is_some(), changed == token);
    }

    #[test]
    fn truncated_token_is_refused(position: prop::sample::Index) {
        let token = usual();
        prop_assert_eq!(verified(&token[..position.index(token.len())]), None);
    }
}
