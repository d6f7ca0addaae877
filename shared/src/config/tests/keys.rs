//! Sources of keys, alone and together.

use super::*;

const SET: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"ZVRXb9jn9XcIZEz5Yk-GrtatbY8LRR8rftye3u3yugI"}]}"#;
const URL: &str = "https://issuer.example/jwks.json";

const ISSUER: &str = "https://issuer.example";
const PREVIOUS: &str = "the secret before it, of 32 bytes";

/// Reads the sources of keys with these variables, without a secret unless they set one.
fn keys(changes: &[(&str, &str)]) -> Result<KeySources, String> {
    settings(&[changes, &[("AUTH_JWT_SECRET", "")]].concat()).map(|settings| settings.auth.keys)
}

/// Returns the URL of the discovery document of an issuer without other keys.
fn discovered(issuer: &str) -> Result<String, String> {
    match keys(&[("AUTH_ISSUER", issuer)])?.set {
        Some(KeySetSource::Discovery(discovery)) => {
            assert_eq!(discovery.issuer, issuer);
            Ok(discovery.document.to_string())
        }
        _ => panic!("{issuer} has no discovery"),
    }
}

#[test]
fn two_key_sets_are_refused() {
    for secret in ["", SECRET] {
        let changes = [("AUTH_JWT_SECRET", secret), ("AUTH_JWKS", SET), ("AUTH_JWKS_URL", URL)];
        let problem = keys(&changes).err().unwrap();
        assert_eq!(problem, "AUTH_JWKS can't be set together with AUTH_JWKS_URL");
    }
}

#[test]
fn secret_and_key_set_are_accepted_together() {
    let sources = keys(&[("AUTH_JWT_SECRET", SECRET), ("AUTH_JWKS_URL", URL)]).unwrap();
    assert_eq!(sources.secrets, [SECRET.as_bytes()]);
    assert!(matches!(sources.set, Some(KeySetSource::Url(_))));
    let sources = keys(&[("AUTH_JWT_SECRET", SECRET), ("AUTH_JWKS", SET)]).unwrap();
    assert!(matches!(sources.set, Some(KeySetSource::Inline(_))));
}

#[test]
fn previous_secret_needs_the_secret() {
    let both = [("AUTH_JWT_SECRET", SECRET), ("AUTH_JWT_SECRET_PREVIOUS", PREVIOUS)];
    assert_eq!(keys(&both).unwrap().secrets, [SECRET.as_bytes(), PREVIOUS.as_bytes()]);
    for changes in [&both[1..], &[both[1], ("AUTH_JWKS_URL", URL)]] {
        let problem = keys(changes).err().unwrap();
        assert_eq!(problem, "AUTH_JWT_SECRET_PREVIOUS is set without AUTH_JWT_SECRET");
    }
}

#[test]
fn issuer_alone_means_discovery() {
    for (issuer, document) in [
        (ISSUER, "https://issuer.example/.well-known/openid-configuration"),
        ("https://issuer.example/", "https://issuer.example/.well-known/openid-configuration"),
        (
            "https://issuer.example/realms/a",
            "https://issuer.example/realms/a/.well-known/openid-configuration",
        ),
        ("http://127.0.0.1:8080/oidc", "http://127.0.0.1:8080/oidc/.well-known/openid-configuration"),
    ] {
        assert_eq!(discovered(issuer).as_deref(), Ok(document));
    }
}

#[test]
fn issuer_without_discovery_is_refused() {
    for issuer in [
        "issuer.example",
        "http://issuer.example",
        "https://user:hunter2@issuer.example",
        "https://issuer.example/?a=b",
        "https://issuer.example/#a",
        "https://login.microsoftonline.com/{tenantid}/v2.0",
        "accounts.google.com",
        "https://",
    ] {
        let problem = discovered(issuer).unwrap_err();
        assert!(problem.starts_with("AUTH_JWT_SECRET is not set, nor is AUTH_JWKS or"), "{problem}");
        assert!(problem.contains("AUTH_ISSUER") && !problem.contains("hunter2"), "{problem}");
        // With other keys the issuer may be any text.
        assert!(keys(&[("AUTH_JWKS_URL", URL), ("AUTH_ISSUER", issuer)]).is_ok(), "{issuer}");
    }
}

#[test]
fn invalid_inline_key_set_is_refused() {
    for bad in ["{}", "[]", URL, r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct","k":"hunter2"}]}"#] {
        let problem = keys(&[("AUTH_JWKS", bad)]).err().unwrap();
        assert!(problem.starts_with("AUTH_JWKS ") && !problem.contains("hunter2"), "{bad}: {problem}");
    }
}

#[test]
fn key_set_url_needs_https_or_loopback() {
    for good in [
        URL,
        "https://issuer.example:8443/a/b?c=d",
        "HTTPS://ISSUER.EXAMPLE/jwks",
        "http://localhost:3000/jwks",
        "http://127.0.0.1/jwks",
        "http://127.8.9.10:1/jwks",
        "http://[::1]:8080/jwks",
        "http://LOCALHOST:8080/jwks",
        "https://[2001:db8::1]/jwks",
        "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com",
        "https://issuer.example/?user=a@b",
    ] {
        assert!(
            matches!(keys(&[("AUTH_JWKS_URL", good)]).unwrap().set, Some(KeySetSource::Url(_))),
            "{good}"
        );
    }
    for bad in [
        "http://issuer.example/jwks",
        "http://localhost.example/jwks",
        "http://127.0.0.1.example/jwks",
        "http://10.0.0.1/jwks",
        "http://[::2]/jwks",
        "http://localhost@issuer.example/jwks",
        "https://user:hunter2@issuer.example/jwks",
        "https://issuer.example:8443x/jwks",
        "https://issuer.example:70000/jwks",
        "https://issuer.example:/jwks",
        "https://:443/jwks",
        "issuer.example/jwks",
        "//issuer.example/jwks",
        "file:///etc/passwd",
        "ftp://localhost/jwks",
        "https://",
        "https:///jwks",
        "https://issuer.example/a b",
        SET,
    ] {
        let problem = keys(&[("AUTH_JWKS_URL", bad)]).err().unwrap_or_default();
        assert!(problem.starts_with("AUTH_JWKS_URL ") && !problem.contains("hunter2"), "{bad}: {problem}");
    }
}

#[test]
fn secret_that_is_not_utf8_is_refused() {
    let problem = keys(&[("AUTH_JWT_SECRET", &"\u{fffd}".repeat(32))]).err().unwrap();
    assert_eq!(problem, "AUTH_JWT_SECRET must be UTF-8");
}

/// Returns the settings in each row of docs/IDENTITY.md: issuer, URL of keys, audience and claim.
fn documented() -> Vec<[String; 4]> {
    let text = std::fs::read_to_string(workspace().join("docs/IDENTITY.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| ")?.split_once("| `http"));
    let settings = rows.map(|(_, rest)| {
        let mut cells = rest.split('|').map(|cell| cell.trim().trim_matches('`').to_owned());
        let [issuer, url, audience, claim] = std::array::from_fn(|_| cells.next().unwrap());
        [format!("http{issuer}"), url, audience, claim]
    });
    settings.collect()
}

#[test]
fn documented_provider_settings_are_valid() {
    let rows = documented();
    assert!(rows.len() >= 15, "{rows:?}");
    for [issuer, url, audience, claim] in rows {
        let changes = [
            ("AUTH_ISSUER", issuer.as_str()),
            ("AUTH_JWKS_URL", url.as_str()),
            ("AUTH_AUDIENCE", audience.as_str()),
            ("AUTH_ORGANIZATIONS_CLAIM", claim.as_str()),
        ];
        let set = keys(&changes).unwrap().set;
        assert!(matches!(set, Some(KeySetSource::Url(_) | KeySetSource::Discovery(_))), "{issuer}");
    }
}
