//! Authentication: the token of the `Authorization` header, verified by `jsonwebtoken`.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use lambda_http::{Error, Request};
use serde::Deserialize;

use crate::refusal::Refusal;

pub struct Auth {
    key: DecodingKey,
    validation: Validation,
}

#[derive(Deserialize)]
pub struct Claims {
    pub sub: String,
    #[serde(default)]
    pub organizations: Vec<String>,
}

impl Auth {
    pub fn new(secret: &str, issuer: &str, audience: &str, leeway: Option<String>) -> Result<Self, Error> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = leeway.as_deref().unwrap_or("5").parse()?;
        Ok(Self { key: DecodingKey::from_secret(secret.as_bytes()), validation })
    }

    pub fn verify(&self, request: &Request) -> Result<Claims, Refusal> {
        let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let Some(token) = header.and_then(|header| header.strip_prefix("Bearer ")) else {
            return Err(Refusal::Unauthorized { token_sent: false });
        };
        match decode::<Claims>(token, &self.key, &self.validation) {
            Ok(token) => Ok(token.claims),
            Err(_) => Err(Refusal::Unauthorized { token_sent: true }),
        }
    }
}
