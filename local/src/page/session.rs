//! Signing in and out: the functions' cookie, with a token of the stack's own issuer or a pasted one.

use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Failure, Page, json_response};
use crate::body::collect;
use crate::token::DEFAULT_LIFETIME;

/// Largest body, in bytes. Functions refuse tokens over 8 KiB.
const MAX_BODY: usize = 64 * 1024;

/// Largest cookie that browsers keep, in bytes of name and value.
const MAX_COOKIE: usize = 4096;

/// User to sign in, or a token.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum SignIn {
    Token { token: String },
    User { user: String, organizations: Vec<String>, roles: Vec<String> },
}

impl Page {
    /// Returns the session of a request: its token and the token's unverified claims, if it has one.
    pub(super) fn session(&self, headers: &HeaderMap) -> Value {
        let token = self.token_of(headers);
        let claims = token.and_then(claims).unwrap_or_default();
        let issuer = self.variable("AUTH_ISSUER").or_else(|| self.variable("AUTH_JWKS_URL"));
        json!({
            "issuesTokens": self.issuer.is_some(),
            "issuer": issuer,
            "cookie": self.cookie(),
            "token": token,
            "user": claims["sub"],
            "organizations": names(claim(&claims, self.variable("AUTH_ORGANIZATIONS_CLAIM").unwrap_or("organizations"))),
            "roles": names(self.variable("AUTH_ROLES_CLAIM").map_or(&Value::Null, |name| claim(&claims, name))),
            "expires": claims["exp"],
        })
    }

    /// Sets the cookie.
    pub(super) async fn sign_in(&self, body: Body) -> Result<Response, Failure> {
        let body =
            collect(body, MAX_BODY).await.map_err(|_| refused("The request is too large or incomplete."))?;
        let sign_in = serde_json::from_slice(&body)
            .map_err(|_| refused("Name a user and organizations, or a token."))?;
        let (token, lifetime) = match sign_in {
            SignIn::Token { token } => (pasted(&token)?, None),
            SignIn::User { user, organizations, roles } => {
                (self.issue(user.trim(), &organizations, &roles)?, Some(DEFAULT_LIFETIME))
            }
        };
        if self.cookie().len() + token.len() > MAX_COOKIE {
            return Err(refused(
                "Browsers keep no cookie of more than 4,096 bytes: sign in with a shorter token.",
            ));
        }
        Ok(self.with_cookie(&token, lifetime))
    }

    /// Removes the cookie.
    pub(super) fn sign_out(&self) -> Response {
        self.with_cookie("", Some(Duration::ZERO))
    }

    fn issue(&self, user: &str, organizations: &[String], roles: &[String]) -> Result<String, Failure> {
        let external = || refused("The functions trust an external issuer: paste one of its tokens.");
        let issuer = self.issuer.as_ref().ok_or_else(external)?;
        if user.is_empty() {
            return Err(refused("Name a user."));
        }
        let token = issuer.token(user, organizations, roles, DEFAULT_LIFETIME);
        token.map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}")))
    }

    fn with_cookie(&self, token: &str, lifetime: Option<Duration>) -> Response {
        let name = self.cookie();
        // Browsers require `Secure` for these prefixes, and take it on localhost without TLS.
        let secure = if name.starts_with("__") { "; Secure" } else { "" };
        let age = lifetime.map(|lifetime| format!("; Max-Age={}", lifetime.as_secs())).unwrap_or_default();
        let cookie = format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
        ([(SET_COOKIE, cookie)], json_response(&json!({}))).into_response()
    }

    /// Returns the token of a request. Pages on other ports of this host can set the cookie to any text, so only a token is
    /// returned.
    fn token_of<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find_map(|(name, value)| {
            Some(value.trim_matches('"')).filter(|value| name == self.cookie() && is_token(value))
        })
    }

    /// Returns the name of the functions' cookie.
    fn cookie(&self) -> &str {
        self.variable("AUTH_COOKIE").unwrap_or("auth")
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Returns a pasted token, which may stand behind `Bearer`.
fn pasted(text: &str) -> Result<String, Failure> {
    let text = text.trim();
    let token = text.strip_prefix("Bearer ").unwrap_or(text).trim();
    if is_token(token) { Ok(token.to_owned()) } else { Err(refused("This is not a JSON Web Token.")) }
}

/// Returns `true` for a JSON Web Token, whose letters need no quotes in a header or a shell.
fn is_token(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    claims(text).is_some() && text.chars().all(is_letter)
}

/// Reads the claims of a token without verifying it.
fn claims(token: &str) -> Option<Value> {
    let mut parts = token.split('.').skip(1);
    let claims = BASE64_URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    (parts.count() == 1 && claims.is_object()).then_some(claims)
}

/// Returns a claim, given by its name or as a JSON Pointer.
fn claim<'c>(claims: &'c Value, name: &str) -> &'c Value {
    let found = if name.starts_with('/') { claims.pointer(name) } else { claims.get(name) };
    found.unwrap_or(&Value::Null)
}

/// Returns the names in a claim: a text, an array of texts or of objects with an `id`, or the keys of an object.
fn names(claim: &Value) -> Vec<String> {
    let name = |value: &Value| value["id"].as_str().or(value.as_str()).map(str::to_owned);
    match claim {
        Value::Array(values) => values.iter().filter_map(name).collect(),
        Value::Object(names) => names.keys().cloned().collect(),
        other => name(other).into_iter().collect(),
    }
}

fn refused(message: &str) -> Failure {
    (StatusCode::BAD_REQUEST, message.to_owned())
}
