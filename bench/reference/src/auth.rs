//! Authentication: the token of the `Authorization` header.

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use lambda_runtime::Error;
use serde::Deserialize;

use crate::process::{required, variable};
use crate::refusal::Refusal;

pub(crate) struct Auth {
    key: DecodingKey,
    validation: Validation,
}

#[derive(Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: String,
    #[serde(default)]
    pub(crate) organizations: Vec<String>,
}

impl Auth {
    /// Reads the settings.
    ///
    /// # Errors
    /// One is missing or invalid.
    pub(crate) fn open() -> Result<Self, Error> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[required("AUTH_ISSUER")?]);
        validation.set_audience(&[required("AUTH_AUDIENCE")?]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = variable("AUTH_LEEWAY_SECONDS").as_deref().unwrap_or("5").parse()?;
        let key = DecodingKey::from_secret(required("AUTH_JWT_SECRET")?.as_bytes());
        Ok(Self { key, validation })
    }

    /// Verifies an `Authorization` header.
    ///
    /// # Errors
    /// [`Refusal::Unauthorized`].
    pub(crate) fn verify(&self, header: Option<&str>) -> Result<Claims, Refusal> {
        let token = header.and_then(|header| header.strip_prefix("Bearer "));
        let token = token.ok_or(Refusal::Unauthorized { token_sent: false })?;
        let decoded = decode::<Claims>(token, &self.key, &self.validation);
        decoded.map(|token| token.claims).map_err(|_| Refusal::Unauthorized { token_sent: true })
    }
}
