//! Case of the corpus: its token, and the request that carries it.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use testing::{RequestBuilder, Scheme, SigningKey, claims, in_seconds};

/// Keys that a function verifies tokens with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Trust {
    Secret,
    Set,
    #[default]
    Both,
}

/// Case in a file of the corpus. `corpus/README.md` explains the fields.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) trust: Trust,
    #[serde(default)]
    header: Map<String, Value>,
    #[serde(default)]
    claims: Map<String, Value>,
    exp_in: Option<i64>,
    nbf_in: Option<i64>,
    #[serde(default)]
    without: Vec<String>,
    header_text: Option<String>,
    claims_text: Option<String>,
    key: Option<String>,
    token: Option<String>,
    cut: Option<usize>,
    swap: Option<usize>,
    #[serde(default)]
    respell: bool,
    padding: Option<usize>,
    authorization: Option<String>,
    cookies: Option<Vec<String>>,
    #[serde(default = "unauthorized")]
    pub(crate) response: u16,
}

fn unauthorized() -> u16 {
    401
}

/// Keys that sign the tokens of cases.
pub(crate) struct Keys {
    pub(crate) known: Vec<SigningKey>,
    strangers: Vec<SigningKey>,
    confused: Vec<SigningKey>,
}

impl Keys {
    pub(crate) fn generate() -> Result<Self> {
        let known = vec![
            SigningKey::secret("secret", local::token::DEVELOPMENT_SECRET.as_bytes()),
            SigningKey::rsa("rsa")?,
            SigningKey::p256("p256")?,
            SigningKey::ed25519("ed25519")?,
            SigningKey::p256("p256-b")?,
        ];
        let strangers = vec![
            SigningKey::secret("secret", b"another secret of at least 32 bytes"),
            SigningKey::rsa("rsa")?,
            SigningKey::p256("p256")?,
            SigningKey::ed25519("ed25519")?,
        ];
        let confused = vec![
            SigningKey::secret("rsa-as-secret", &known[1].public_der()?),
            SigningKey::secret("jwk-as-secret", known[1].jwk().to_string().as_bytes()),
        ];
        Ok(Self { known, strangers, confused })
    }

    /// Returns the key of this name and its signature scheme.
    fn find(&self, name: &str) -> Result<(&SigningKey, Scheme)> {
        let (keys, id, scheme) = match name {
            "rsa-512" => (&self.known, "rsa", Scheme::Sha512),
            "secret-512" => (&self.known, "secret", Scheme::Sha512),
            "rsa-pss" => (&self.known, "rsa", Scheme::Pss),
            "p256-der" => (&self.known, "p256", Scheme::Der),
            _ if name.ends_with("-as-secret") => (&self.confused, name, Scheme::Usual),
            _ => match name.strip_prefix("other-") {
                Some(id) => (&self.strangers, id, Scheme::Usual),
                None => (&self.known, name, Scheme::Usual),
            },
        };
        let key = keys.iter().find(|key| key.id() == id).with_context(|| format!("no key {name}"))?;
        Ok((key, scheme))
    }
}

impl Case {
    /// Returns the token for functions that trust `trust`.
    fn token(&self, trust: Trust, keys: &Keys) -> Result<String> {
        let usual = if trust == Trust::Secret { "secret" } else { "rsa" };
        let name = self.key.as_deref().unwrap_or(usual);
        let signer = (name != "none").then(|| keys.find(name)).transpose()?;
        let (key, _) = signer.map_or_else(|| keys.find(usual), Ok)?;
        let header = self.header_text.clone().unwrap_or_else(|| self.header(key).to_string());
        let claims = self.claims();
        let length = self.assembled(&header, &claims, signer)?.len();
        // Three spaces after the object are four letters of base64.
        let padding = self.padding.unwrap_or_default().saturating_sub(length).div_ceil(4) * 3;
        self.assembled(&header, &format!("{claims}{}", " ".repeat(padding)), signer)
    }

    fn header(&self, key: &SigningKey) -> Value {
        // Confused keys carry the id of the RSA key whose public part they are.
        let id = if key.id().ends_with("-as-secret") { "rsa" } else { key.id() };
        let mut header = json!({"alg": key.algorithm(), "typ": "JWT", "kid": id});
        self.change("header.", &mut header, &self.header);
        header
    }

    fn claims(&self) -> String {
        if let Some(text) = &self.claims_text {
            return text.clone();
        }
        let mut claims = claims("alice", &["acme"]);
        for (name, seconds) in [("exp", self.exp_in), ("nbf", self.nbf_in)] {
            if let Some(seconds) = seconds {
                claims[name] = in_seconds(seconds).into();
            }
        }
        self.change("claims.", &mut claims, &self.claims);
        claims.to_string()
    }

    fn change(&self, prefix: &str, object: &mut Value, changes: &Map<String, Value>) {
        let Some(object) = object.as_object_mut() else { return };
        object.extend(changes.clone());
        for name in self.without.iter().filter_map(|name| name.strip_prefix(prefix)) {
            object.remove(name);
        }
    }

    fn assembled(&self, header: &str, claims: &str, signer: Option<(&SigningKey, Scheme)>) -> Result<String> {
        let message = format!("{}.{}", base64(header), base64(claims));
        let signature = signer.map(|(key, scheme)| key.sign(scheme, message.as_bytes())).transpose()?;
        let signature = self.corrupted(signature.unwrap_or_default());
        let other_claims = claims.replace("alice", "mallory");
        let other_header = header.replace("JWT", "jwt");
        let form = self.token.as_deref().unwrap_or("{header}.{claims}.{signature}");
        Ok(form
            .replace("{header}", &base64(header))
            .replace("{claims}", &base64(claims))
            .replace("{claims_in_standard}", BASE64_STANDARD.encode(claims).trim_end_matches('='))
            .replace("{other_header}", &base64(&other_header))
            .replace("{other_claims}", &base64(&other_claims))
            .replace("{signature}", &signature))
    }

    fn corrupted(&self, mut signature: String) -> String {
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        if let Some(cut) = self.cut {
            signature.truncate(signature.len().saturating_sub(cut));
        }
        if let Some(at) = self.swap.filter(|at| *at < signature.len()) {
            let other = if signature[at..].starts_with('A') { "B" } else { "A" };
            signature.replace_range(at..=at, other);
        }
        if self.respell
            && let Some(at) = signature.pop().and_then(|last| letters.find(last))
        {
            // In signatures of 32, 64 or 256 bytes the lowest bit of the last letter is unused.
            let other = at ^ 1;
            signature.push_str(&letters[other..=other]);
        }
        signature
    }

    /// Adds the token to the request.
    pub(crate) fn sent(
        &self,
        mut request: RequestBuilder,
        trust: Trust,
        keys: &Keys,
    ) -> Result<RequestBuilder> {
        let token = self.token(trust, keys)?;
        let with_token = |text: &str| text.replace("{token}", &token);
        let default = self.cookies.is_none().then_some("Bearer {token}");
        if let Some(authorization) = self.authorization.as_deref().or(default) {
            request = request.header("authorization", with_token(authorization));
        }
        for cookie in self.cookies.iter().flatten() {
            request = request.header("cookie", with_token(cookie));
        }
        Ok(request)
    }
}

fn base64(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(text)
}
