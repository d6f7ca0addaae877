//! Tokens that prove a caller, and tokens that don't.

mod claims;
mod form;
mod issuers;
mod roles;

use futures_util::FutureExt;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use serde_json::{Value, json};

use super::*;
use crate::config::{Audience, ClaimPath, KeySetSource, KeySources};
use crate::domain::keys::KeySet;
use crate::edge::error::Error;

const SECRET: &str = "a secret of at least 32 bytes, for tests";

/// Time of the verification, in seconds since the epoch.
const NOW: i64 = 1_700_000_000;

fn settings() -> AuthSettings {
    AuthSettings {
        keys: KeySources { secrets: vec![SECRET.into()], set: None },
        issuer: "https://issuer.example".to_owned(),
        audience: Audience::OneOf(vec!["projects".to_owned()]),
        organizations: ClaimPath::Name("organizations".to_owned()),
        roles: None,
        cookie: "auth".to_owned(),
        leeway: 5,
    }
}

/// Verifies a token at `now`. The future is ready immediately, because nothing is fetched.
fn outcome(settings: AuthSettings, token: &str, now: Timestamp) -> std::result::Result<Caller, Refusal> {
    let verifier = Verifier::open(settings, None).unwrap();
    match verifier.verify(token, now).now_or_never().unwrap() {
        Err(Error::Unauthorized { refused: Some(refusal) }) => Err(refusal),
        outcome => Ok(outcome.unwrap()),
    }
}

/// Verifies a token with changed settings.
fn outcome_with(change: impl FnOnce(&mut AuthSettings), token: &str) -> std::result::Result<Caller, Refusal> {
    let mut settings = settings();
    change(&mut settings);
    outcome(settings, token, Timestamp::from_second(NOW).unwrap())
}

fn path(place: &str) -> ClaimPath {
    let kind = if place.starts_with('/') { ClaimPath::Pointer } else { ClaimPath::Name };
    kind(place.to_owned())
}

/// Returns the reason why a token is refused.
fn refusal(token: &str) -> Option<Refusal> {
    outcome_with(|_| {}, token).err()
}

fn verified_with(leeway: u32, token: &str, now: Timestamp) -> Option<Caller> {
    outcome(AuthSettings { leeway, ..settings() }, token, now).ok()
}

fn verified_at(token: &str, now: Timestamp) -> Option<Caller> {
    verified_with(5, token, now)
}

fn verified(token: &str) -> Option<Caller> {
    verified_at(token, Timestamp::from_second(NOW).unwrap())
}

fn encoded(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// Returns a token of any two texts with a genuine signature.
fn signed(header: &str, claims: &str) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    format!("{message}.{}", signature(&message, SECRET, Algorithm::HS256))
}

fn signature(message: &str, secret: &str, algorithm: Algorithm) -> String {
    crypto::sign(message.as_bytes(), &EncodingKey::from_secret(secret.as_bytes()), algorithm).unwrap()
}

const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

fn claims() -> Value {
    json!({
        "iss": "https://issuer.example", "aud": "projects", "sub": "alice", "exp": NOW + 60,
        "organizations": ["acme", "umbrella"],
    })
}

/// Returns a token of the usual claims with one of them changed.
fn with(name: &str, value: Value) -> String {
    let mut claims = claims();
    claims[name] = value;
    signed(HEADER, &claims.to_string())
}

fn without(name: &str) -> String {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    signed(HEADER, &claims.to_string())
}

/// Returns a token of the usual claims with text replaced, for claims that no JSON value can represent.
fn edited(old: &str, new: &str) -> String {
    let text = claims().to_string();
    assert!(text.contains(old), "{text}");
    signed(HEADER, &text.replace(old, new))
}

#[test]
fn genuine_token_proves_user_and_organizations() {
    let by_library = jsonwebtoken::encode(
        &jsonwebtoken::Header::default(),
        &claims(),
        &EncodingKey::from_secret(SECRET.as_bytes()),
    );
    for token in [by_library.unwrap(), signed(HEADER, &claims().to_string())] {
        let caller = verified(&token).unwrap();
        assert_eq!(caller.user().as_str(), "alice");
        assert!(caller.authorize_org("acme").is_ok() && caller.authorize_org("umbrella").is_ok());
        assert!(caller.authorize_org("initech").is_err());
    }
}
