//! Common fixture of targets: settings, time, lines of inputs, and the check that every refusal is a client error.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::config::uploads::{DEFAULT_TYPES, UploadLimits};
use crate::config::{Env, Settings};
use crate::domain::json::Literal;
use crate::domain::{Caller, OrgId, OrgScope};
use crate::edge::error::{Error, Result};
use crate::edge::input::FromRequest;
use crate::edge::middleware::auth::{Auth, Credential};
use crate::edge::request::Request;
use crate::edge::response::error_response;

/// Current time of targets, at which the tokens in `events` are valid.
pub(super) const NOW: Timestamp = Timestamp::constant(1_795_321_391, 0);

/// Development key. It signed the tokens in `events` too.
pub(super) const SECRET: &str = "local-development-key-do-not-use-in-production";

pub(super) const ISSUER: &str = "https://auth.localhost";

pub(super) const AUDIENCE: &str = "projects-api";

/// Tolerance for a token's times in seconds.
pub(super) const LEEWAY: f64 = 5.0;

/// Maximum size of a file in bytes. It is small, so that a fuzzer finds the limit.
pub(super) const MAX_FILE: usize = 1024;

/// Returns the authentication of a function.
pub(super) fn auth() -> Auth {
    let lookup = |name: &str| {
        let value = match name {
            "AUTH_JWT_SECRET" => SECRET,
            "AUTH_ISSUER" => ISSUER,
            "AUTH_AUDIENCE" => AUDIENCE,
            "AUTH_ROLES_CLAIM" => "roles",
            "RATE_LIMIT_TABLE" => "table",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let settings = Env::read(&lookup, Settings::from_env).expect("the settings are good");
    Auth::open(settings.auth, None).expect("the key is good")
}

/// Verifies a credential. With a secret the future is ready immediately.
pub(super) fn verify(auth: &Auth, credential: &Credential) -> Result<Caller> {
    auth.verify(credential, NOW).now_or_never().expect("a secret is at hand")
}

/// Returns the caller of a token, or `None` if it is refused.
pub(super) fn verified(auth: &Auth, token: &str) -> Option<Caller> {
    verify(auth, &Credential::Bearer(token.to_owned())).ok()
}

/// Returns the limits of uploads.
pub(super) fn limits() -> UploadLimits {
    let allowed_types = DEFAULT_TYPES.parse().expect("the types are known");
    UploadLimits { max_bytes: MAX_FILE, allowed_types }
}

/// Returns the scope of a member of this organization.
pub(super) fn scope(organization: &OrgId) -> OrgScope {
    let user = "alice".parse().expect("alice is a user");
    let caller = Caller::new(user, vec![organization.clone()]);
    caller.authorize_org(organization.as_str()).expect("a member enters")
}

/// Parses JSON literally. The last of duplicate members wins.
pub(super) fn json_of(data: &[u8]) -> Option<Value> {
    serde_json::from_slice(data).ok().map(|Literal::<false>(value)| value)
}

/// Splits off the first line.
pub(super) fn first_line(data: &[u8]) -> (Cow<'_, str>, &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n');
    let (line, rest) = end.map_or((data, &[][..]), |end| (&data[..end], &data[end + 1..]));
    (String::from_utf8_lossy(line), rest)
}

/// Makes the request of an event.
pub(super) fn request_of(event: Value) -> Request {
    Request::new(event, "lambda-id")
}

/// Returns the events that API Gateway makes of a body: in base64 and, if it is text, as text.
pub(super) fn events(content_type: &str, body: &[u8]) -> Vec<Value> {
    let headers = json!({ "content-type": content_type });
    let encoded = json!({"headers": headers, "body": STANDARD.encode(body), "isBase64Encoded": true});
    let plain = std::str::from_utf8(body)
        .ok()
        .map(|text| json!({"headers": headers, "body": text, "isBase64Encoded": false}));
    std::iter::once(encoded).chain(plain).collect()
}

/// Reads an input. The future is ready immediately. A refusal is checked.
pub(super) fn read<I: FromRequest>(settings: &I::Settings, event: &Value) -> Result<I::Value> {
    let mut request = request_of(event.clone());
    let read = I::from_request(settings, &mut request).now_or_never().expect("there is nothing to wait for");
    read.inspect_err(assert_client_error)
}

/// Asserts that an error is a 4xx in the envelope, with a code and a message.
pub(super) fn assert_client_error(error: &Error) {
    let (status, code) = (error.code().status(), error.code().as_str());
    assert!(status.is_client_error(), "{status} for {error}");
    let response = error_response(error).expect("an error can be written");
    let body: Value = serde_json::from_str(&response.body.unwrap_or_default()).expect("an envelope is JSON");
    assert_eq!(body["error"]["code"], code);
    assert!(body["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
    let issues =
        body["error"].get("issues").map(|issues| issues.as_array().is_some_and(|all| !all.is_empty()));
    assert_eq!(issues, (code == "VALIDATION_ERROR").then_some(true), "{body}");
}
