//! Paths that match a template, and their prefixes.

use super::*;

const TEMPLATE: &str = "/v1/orgs/{orgId}/projects";

/// Returns the prefix and the organization of a path.
fn matched(path: &str, is_encoded: bool) -> Option<(String, String)> {
    let PathMatch { prefix, parameters } = match_end(path, is_encoded, TEMPLATE)?;
    Some((prefix, parameters["orgId"].clone()))
}

#[test]
fn prefix_precedes_the_template() {
    for (path, prefix, organization) in [
        ("/v1/orgs/acme/projects", "", "acme"),
        ("/prod/v1/orgs/acme/projects", "/prod", "acme"),
        ("/a/b_c/v1/orgs/acme/projects", "/a/b_c", "acme"),
        ("/v1/orgs/acme/projects/v1/orgs/umbrella/projects", "/v1/orgs/acme/projects", "umbrella"),
        ("/v1/orgs/a b%2Fü/projects", "", "a b%2Fü"),
        ("/a\r\nset-cookie: b/v1/orgs/acme/projects", "/a%0D%0Aset-cookie%3A%20b", "acme"),
        ("/%2F%2Fevil.example/v1/orgs/acme/projects", "/%252F%252Fevil.example", "acme"),
        ("/\\evil.example/v1/orgs/acme/projects", "/%5Cevil.example", "acme"),
    ] {
        assert_eq!(matched(path, false), Some((prefix.to_owned(), organization.to_owned())), "{path:?}");
    }
}

#[test]
fn encoded_path_is_split_before_decoding() {
    for (path, prefix, organization) in [
        ("/v1/orgs/a%20b%2Fc/projects", "", "a b/c"),
        ("/%76%31/orgs/acme/projects", "", "acme"),
        ("/a%2Fb/v1/orgs/acme/projects", "/a%2Fb", "acme"),
        ("/%2F%2fevil.example/v1/orgs/acme/projects", "/%2F%2Fevil.example", "acme"),
        ("/a%0D%0Ab/v1/orgs/100%25/projects", "/a%0D%0Ab", "100%"),
    ] {
        assert_eq!(matched(path, true), Some((prefix.to_owned(), organization.to_owned())), "{path}");
    }
    assert_eq!(matched("/v1/orgs/%FF/projects", true), None);
}

#[test]
fn prefix_to_another_place_is_refused() {
    for path in [
        "//v1/orgs/acme/projects",
        "//evil.example/v1/orgs/acme/projects",
        "/a//v1/orgs/acme/projects",
        "/../v1/orgs/acme/projects",
        "/./v1/orgs/acme/projects",
        "/%2e%2e/v1/orgs/acme/projects",
        "https://evil.example/v1/orgs/acme/projects",
        "evil.example/v1/orgs/acme/projects",
        "v1/orgs/acme/projects",
    ] {
        assert_eq!(matched(path, true), None, "{path}");
    }
}

#[test]
fn other_paths_do_not_match() {
    for path in [
        "",
        "/",
        "/v1/orgs/acme",
        "/v1/orgs//projects",
        "/v1/orgs/acme/projects/",
        "/v1/orgs/acme/projects/p",
        "/V1/orgs/acme/projects",
        "/v2/orgs/acme/projects",
    ] {
        assert_eq!(matched(path, false), None, "{path}");
    }
}
