//! Form of a `traceparent`, keys of path parameters, and refused callers.

use super::*;

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[test]
fn well_formed_traceparent_is_logged() {
    for (value, logged) in [
        (PARENT.to_owned(), Some(PARENT.to_owned())),
        (PARENT.replacen("00", "01", 1), Some(PARENT.replacen("00", "01", 1))),
        (PARENT.replacen("00", "cc", 1) + "-later", Some(PARENT.replacen("00", "cc", 1))),
        (PARENT.replacen("00", "cc", 1) + "later", None),
        (PARENT.to_owned() + "-later", None),
        (PARENT.replacen("00", "ff", 1), None),
        (PARENT.to_uppercase(), None),
        (PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)), None),
        (PARENT.replace("00f067aa0ba902b7", &"0".repeat(16)), None),
        (PARENT.replace('-', "_"), None),
        (PARENT[1..].to_owned(), None),
        ("\u{20ac}".repeat(20), None),
        (String::new(), None),
    ] {
        assert_eq!(traceparent(&value).map(str::to_owned), logged, "{value}");
    }
}

#[test]
fn path_parameters_never_hide_other_keys() {
    for (name, expected) in [
        ("orgId", "org"),
        ("projectId", "project_id"),
        ("userId", "user_id"),
        ("requestId", "path_request_id"),
        ("status", "path_status"),
        ("org", "path_org"),
    ] {
        assert_eq!(key(name), expected);
    }
}

#[test]
fn refused_callers_count_behind_one_address_too() {
    for (is_public, user, status, expected) in [
        (false, None, 401, true),
        (false, None, 429, true),
        (false, None, 403, true),
        (false, Some("alice"), 403, true),
        (false, Some("alice"), 429, false),
        (false, Some("alice"), 404, false),
        (false, None, 503, false),
        (true, None, 403, false),
        (true, None, 429, false),
    ] {
        let log = RequestLog { is_public, user: user.map(str::to_owned), ..RequestLog::default() };
        assert_eq!(log.is_refused(status), expected, "{is_public} {user:?} {status}");
    }
}
