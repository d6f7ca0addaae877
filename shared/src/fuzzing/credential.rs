//! Credentials: the token is in the `Authorization` header, otherwise in the cookie.

use serde_json::{Value, json};

use super::fixture::{auth, request_of};
use crate::edge::middleware::auth::Credential;

/// Input: the value of `Authorization`, or an empty line for none, then a line for each cookie.
pub fn credential(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.lines();
    let authorization = lines.next().unwrap_or_default();
    let cookies: Vec<_> = lines.collect();
    match found(authorization, &cookies) {
        found if !authorization.is_empty() => assert_found_in_header(authorization, &cookies, &found),
        found => assert_found_in_cookies(&cookies, &found),
    }
}

fn found(authorization: &str, cookies: &[&str]) -> Credential {
    let mut event = json!({ "cookies": cookies });
    if !authorization.is_empty() {
        event["headers"] = json!({ "authorization": authorization });
    }
    auth().credential(&request_of(event))
}

fn assert_found_in_header(authorization: &str, cookies: &[&str], credential: &Credential) {
    assert_eq!(*credential, found(authorization, &[]), "cookies {cookies:?} were read");
    let Credential::Bearer(token) = credential else {
        return assert_eq!(*credential, Credential::None);
    };
    let value = authorization.trim();
    assert!(value[..7].eq_ignore_ascii_case("bearer ") && value.ends_with(token.as_str()));
    assert!(!token.is_empty() && token.trim() == token);
    assert_eq!(found(&format!("bEARER   {token} "), &[]), *credential);
}

fn assert_found_in_cookies(cookies: &[&str], credential: &Credential) {
    let pairs = cookies.iter().flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.split_once('='));
    let values = pairs.filter(|(name, _)| name.trim() == "auth").map(|(_, value)| value.trim());
    let unquoted = |value| {
        let inner = str::strip_prefix(value, '"').and_then(|value| value.strip_suffix('"'));
        inner.unwrap_or(value)
    };
    let values: Vec<_> = values.map(unquoted).collect();
    let expected = match values.as_slice() {
        [] => Credential::None,
        [first, rest @ ..] if rest.iter().all(|value| value == first) => {
            Credential::Cookie((*first).to_owned())
        }
        _ => Credential::Ambiguous,
    };
    assert_eq!(*credential, expected);
    // API Gateway may pass the cookies as one header. The result is the same.
    let header: Value = json!({"headers": {"Cookie": cookies.join("; ")}});
    assert_eq!(auth().credential(&request_of(header)), expected);
    if let Credential::Cookie(value) = credential {
        let tossed = format!("auth={value}+");
        assert_eq!(found("", &[&[tossed.as_str()], cookies].concat()), Credential::Ambiguous);
    }
}
