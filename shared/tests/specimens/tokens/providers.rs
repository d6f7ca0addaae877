//! Identity providers of docs/IDENTITY.md: a token of each, verified with the settings in its row.

use std::fs;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use testing::{App, Scheme, SigningKey, in_seconds, notes, workspace};

/// Organization that no token names.
const STRANGER: &str = "a-strangers-organization";

/// Token of a provider, from providers.yaml.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    provider: String,
    key: String,
    jwk: Map<String, Value>,
    header: Map<String, Value>,
    claims: Map<String, Value>,
    member_of: String,
}

/// Row of docs/IDENTITY.md.
struct Row {
    provider: String,
    issuer: String,
    jwks_url: String,
    audience: String,
    organizations: String,
}

impl Row {
    fn parse(line: &str) -> Option<Self> {
        let cells: Vec<_> = line.strip_prefix("| ")?.split('|').map(str::trim).collect();
        let code = |cell: &str| cell.trim_matches('`').to_owned();
        let [provider, issuer, jwks_url, audience, organizations, _, ""] = cells.as_slice() else {
            return None;
        };
        issuer.starts_with("`http").then(|| Self {
            provider: (*provider).to_owned(),
            issuer: code(issuer),
            jwks_url: code(jwks_url),
            audience: code(audience),
            organizations: code(organizations),
        })
    }
}

impl Case {
    fn signing_key(&self) -> Result<SigningKey> {
        match self.key.as_str() {
            "rsa" => SigningKey::rsa("1"),
            "p256" => SigningKey::p256("1"),
            "p384" => SigningKey::p384("1"),
            "ed25519" => SigningKey::ed25519("1"),
            other => anyhow::bail!("unknown key type {other}"),
        }
    }

    /// Returns the provider's key set and a token signed by its key.
    fn issued(&self) -> Result<(String, String)> {
        let key = self.signing_key()?;
        let mut jwk = key.jwk();
        jwk.as_object_mut().context("a JWK is an object")?.extend(self.jwk.clone());
        let mut header = json!({ "alg": key.algorithm() });
        header.as_object_mut().context("a header is an object")?.extend(self.header.clone());
        let mut claims = json!({"iat": in_seconds(-30), "exp": in_seconds(3570)});
        claims.as_object_mut().context("claims are an object")?.extend(self.claims.clone());
        let encoded = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", encoded(&header), encoded(&claims));
        let signature = key.sign(Scheme::Usual, message.as_bytes())?;
        Ok((json!({ "keys": [jwk] }).to_string(), format!("{message}.{signature}")))
    }
}

fn rows() -> Result<Vec<Row>> {
    let text = fs::read_to_string(workspace().join("docs/IDENTITY.md"))?;
    Ok(text.lines().filter_map(Row::parse).collect())
}

fn cases() -> Result<Vec<Case>> {
    Ok(yaml_serde::from_str(include_str!("providers.yaml"))?)
}

#[tokio::test]
async fn every_provider_token_is_accepted() -> Result<()> {
    let (rows, cases) = (rows()?, cases()?);
    ensure!(rows.len() >= 15 && rows.len() == cases.len(), "{} rows, {} cases", rows.len(), cases.len());
    let app = App::specimens(&[]).await?;
    for (row, case) in rows.iter().zip(&cases) {
        assert_eq!(row.provider, case.provider);
        let (keys, token) = case.issued()?;
        let settings = [
            ("AUTH_JWKS", keys.as_str()),
            ("AUTH_ISSUER", &row.issuer),
            ("AUTH_AUDIENCE", &row.audience),
            ("AUTH_ORGANIZATIONS_CLAIM", &row.organizations),
        ];
        let service = app.second_environment(&settings).await?;
        for (organization, status_and_code) in [(case.member_of.as_str(), "200"), (STRANGER, "403 FORBIDDEN")]
        {
            let request = service.client.get(&notes(organization)).bearer(&token);
            assert_eq!(
                request.send().await?.status_and_code(),
                status_and_code,
                "{}: {organization}",
                row.provider
            );
        }
    }
    Ok(())
}

#[test]
fn key_set_urls_use_https() -> Result<()> {
    for row in rows()? {
        assert!(row.jwks_url.is_empty() || row.jwks_url.starts_with("https://"), "{}", row.provider);
    }
    Ok(())
}
