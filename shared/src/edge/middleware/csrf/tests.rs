//! Writes and reads that pass, by the origin that browsers send.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

/// Returns `true` if a write with the cookie and these headers passes, with one trusted origin.
fn passes(headers: &[(&str, &str)]) -> bool {
    let headers: BTreeMap<_, _> = headers.iter().copied().collect();
    let trusted = "https://app.example.com".parse().unwrap();
    check_write(&Request::new(json!({ "headers": headers }), "id"), &trusted).is_ok()
}

/// Returns `true` if a read with the cookie passes, with this site, mode and destination.
fn read_passes([site, mode, dest]: [&str; 3]) -> bool {
    let headers = json!({"sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest});
    check_read(&Request::new(json!({ "headers": headers }), "id")).is_ok()
}

const HOST: (&str, &str) = ("host", "api.example.com");
const TRUSTED: (&str, &str) = ("origin", "https://app.example.com");
const OWN: (&str, &str) = ("origin", "https://api.example.com");
const EVIL: (&str, &str) = ("origin", "https://evil.example");

#[test]
fn fetch_metadata_overrides_the_own_origin() {
    for (site, expected) in [
        ("same-origin", true),
        ("none", true),
        ("same-site", false),
        ("cross-site", false),
        ("", false),
        ("other", false),
    ] {
        let site = ("sec-fetch-site", site);
        assert_eq!(passes(&[HOST, site]), expected, "{site:?} without origin");
        // Fetch Metadata overrides an own origin, though pages can't forge either.
        assert_eq!(passes(&[HOST, site, OWN]), expected, "{site:?} with the own origin");
        assert_eq!(passes(&[HOST, site, EVIL]), expected, "{site:?} with a foreign origin");
        assert!(passes(&[HOST, site, TRUSTED]), "{site:?} with a trusted origin");
    }
}

#[test]
fn only_the_exact_trusted_origin_passes() {
    let site = ("sec-fetch-site", "cross-site");
    assert!(passes(&[HOST, site, ("origin", "HTTPS://APP.example.com")]));
    assert!(passes(&[HOST, site, ("origin", "https://app.example.com:443")]));
    for origin in [
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.example",
        "https://evil.example/https://app.example.com",
        "https://xapp.example.com",
        "https://app.example.com,https://evil.example",
        "null",
        "",
    ] {
        assert!(!passes(&[HOST, site, ("origin", origin)]), "{origin:?}");
    }
}

#[test]
fn old_browsers_need_no_foreign_origin() {
    assert!(passes(&[]));
    assert!(passes(&[HOST]));
    assert!(passes(&[HOST, OWN]));
    assert!(passes(&[HOST, TRUSTED]));
    assert!(passes(&[("Host", "API.example.com"), ("Origin", "https://api.EXAMPLE.com")]));
    assert!(passes(&[("host", "127.0.0.1:3000"), ("origin", "http://127.0.0.1:3000")]));
    for origin in [
        "null",
        "",
        "api.example.com",
        "https://evil.example",
        "https://api.example.com:8443",
        "https://api.example.com.evil.example",
        "https://evil.example/://api.example.com",
        "https://sub.api.example.com",
        "https://evil@api.example.com",
    ] {
        assert!(!passes(&[HOST, ("origin", origin)]), "{origin:?}");
    }
    assert!(!passes(&[("host", "127.0.0.1:3000"), ("origin", "http://127.0.0.1:4000")]));
    assert!(!passes(&[("host", "127.0.0.1:3000"), ("origin", "http://127.0.0.1")]));
}

#[test]
fn origin_without_host_is_foreign() {
    assert!(!passes(&[OWN]));
    assert!(!passes(&[("origin", "https://")]));
}

#[test]
fn other_sites_read_by_navigation_or_cors() {
    for (fetch, expected) in [
        (["cross-site", "cors", "empty"], true),
        (["cross-site", "navigate", "document"], true),
        (["cross-site", "navigate", "iframe"], false),
        (["cross-site", "navigate", "object"], false),
        (["cross-site", "no-cors", "image"], false),
        (["cross-site", "no-cors", "script"], false),
        (["cross-site", "websocket", "websocket"], false),
        (["cross-site", "same-origin", "empty"], false),
        (["cross-site", "", ""], false),
        (["same-site", "no-cors", "image"], true),
        (["same-origin", "no-cors", "image"], true),
        (["none", "navigate", "document"], true),
    ] {
        assert_eq!(read_passes(fetch), expected, "{fetch:?}");
    }
    let read = |headers: Value| check_read(&Request::new(json!({ "headers": headers }), "id")).is_ok();
    assert!(
        read(json!({})) && read(json!({"sec-fetch-site": "cross-site", "origin": "https://evil.example"}))
    );
}
