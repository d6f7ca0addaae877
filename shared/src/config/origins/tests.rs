//! Valid origins, and their comparison.

use super::*;

fn trusted(list: &str) -> TrustedOrigins {
    list.parse().unwrap()
}

#[test]
fn origins_are_compared_in_normalized_form() {
    for (listed, origin) in [
        ("https://app.example.com", "https://app.example.com"),
        ("HTTPS://App.Example.COM", "https://app.example.com"),
        ("https://app.example.com", "Https://APP.example.com:443"),
        ("https://app.example.com:443", "https://app.example.com"),
        ("https://app.example.com:00443", "https://app.example.com"),
        ("http://app.example.com:80", "http://app.example.com"),
        ("http://[0:0:0:0:0:0:0:1]:8080", "http://[::1]:8080"),
        ("http://[2001:DB8::1]", "http://[2001:db8::1]:80"),
        ("https://a.example, https://b.example:8443 ,", "https://b.example:8443"),
    ] {
        assert!(trusted(listed).contains(origin), "{listed}: {origin}");
    }
}

#[test]
fn scheme_host_and_port_must_match() {
    let list = trusted("https://app.example.com,http://127.0.0.1:5173");
    for origin in [
        "http://app.example.com",
        "https://app.example.com:80",
        "https://app.example.com:8443",
        "https://app.example.com.",
        "https://app.example.com/",
        "https://app.example.com,https://evil.example",
        "https://app.example.com https://evil.example",
        "https://evil.example",
        "https://evil.example#https://app.example.com",
        "https://user@app.example.com",
        "http://127.0.0.1",
        "http://localhost:5173",
        "https://:443",
        "null",
        "*",
        "",
    ] {
        assert!(!list.contains(origin), "{origin}");
    }
}

#[test]
fn loopback_host_may_have_any_port() {
    for host in ["http://localhost", "http://127.0.0.1", "http://[::1]", "https://localhost"] {
        let list = trusted(&format!("{host}:*"));
        assert!(list.contains(host) && list.contains(&format!("{host}:5173")), "{host}");
        for port in ["*", "", "65536", "+80", "-1", "80x"] {
            assert!(!list.contains(&format!("{host}:{port}")), "{host}:{port}");
        }
    }
    let list = trusted("http://localhost:*");
    for origin in ["https://localhost:5173", "http://127.0.0.1:5173", "http://localhost.evil.example:5173"] {
        assert!(!list.contains(origin), "{origin}");
    }
}

#[test]
fn invalid_origin_is_named() {
    for text in [
        "*",
        "null",
        "app.example.com",
        "https://",
        "https://:8443",
        "https://app.example.com:",
        "https://app.example.com:65536",
        "https://app.example.com:x",
        "https://app.example.com/",
        "https://app.example.com?a",
        "https://app.example.com#a",
        "https://user@app.example.com",
        "https://bücher.example",
        "https://*.example.com",
        "https://app.example.com:*",
        "http://localhost.example:*",
        "http://localhost:80:*",
        "http://10.0.0.1:*",
        "http://[::2]:*",
        "http://[::1",
        "http://::1",
        "http://[127.0.0.1]",
        "ftp://app.example.com",
        "https://a.example https://b.example",
    ] {
        let problem =
            format!("https://good.example,{text}").parse::<TrustedOrigins>().unwrap_err().to_string();
        assert!(problem.ends_with(&format!("and {text} is none")), "{problem}");
    }
}
