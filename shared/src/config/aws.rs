//! Variables that Lambda sets, and the SDK's variables that this service supports.

use std::fmt;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use webpki::anchor_from_trusted_cert;

use super::{Env, is_http};
use crate::domain::ParseError;

/// Settings of the clients of AWS.
pub struct AwsSettings {
    /// `AWS_REGION`.
    pub region: String,
    /// Endpoint of `DynamoDB`, if not AWS's own (`AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL`).
    pub dynamodb: Option<String>,
    /// Endpoint of S3, if not AWS's own (`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`).
    pub s3: Option<String>,
    /// `AWS_USE_FIPS_ENDPOINT`: endpoints with validated cryptography.
    pub fips: bool,
    /// `AWS_USE_DUALSTACK_ENDPOINT`: endpoints that have IPv6 addresses too.
    pub dual_stack: bool,
    /// `AWS_CA_BUNDLE`: root certificates (PEM) in place of Amazon's.
    pub ca_bundle: Option<Vec<u8>>,
}

/// Without endpoints, because a URL may contain credentials.
impl fmt::Debug for AwsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsSettings").field("region", &self.region).finish_non_exhaustive()
    }
}

impl AwsSettings {
    /// Reads the settings. Without Lambda's variables the runtime would panic, and the SDK would fail at the first request.
    #[must_use]
    pub fn from_env(env: &Env<'_>) -> Option<Self> {
        if env.get("AWS_LAMBDA_RUNTIME_API").is_none() {
            env.problem(
                "AWS_LAMBDA_RUNTIME_API",
                "is not set: this is a Lambda function, `cargo run -p local` starts it locally",
            );
            return None;
        }
        let region = env.required("AWS_REGION");
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            // The SDK reads the value. Here it only must be set.
            let _present = env.required(name);
        }
        let switches =
            ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"];
        let [ignored, fips, dual_stack] = switches.map(|name| env.parsed_with(name, "false", flag));
        let common = endpoint(env, "AWS_ENDPOINT_URL");
        let [dynamodb, s3] = ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3"]
            .map(|name| endpoint(env, name).or_else(|| common.clone()))
            .map(|url| url.filter(|_| ignored != Some(true)));
        let has_endpoint = dynamodb.is_some() || s3.is_some();
        for (name, used) in [(switches[1], fips), (switches[2], dual_stack)] {
            // The SDK would refuse every call.
            if has_endpoint && used == Some(true) {
                env.problem(name, "is about AWS's own endpoints, and an AWS_ENDPOINT_URL names another");
            }
        }
        let ca_bundle = ca_bundle(env);
        Some(Self { region: region?, dynamodb, s3, fips: fips?, dual_stack: dual_stack?, ca_bundle })
    }
}

fn endpoint(env: &Env<'_>, name: &str) -> Option<String> {
    let url = env.get(name)?;
    if !is_http(&url) {
        env.problem(name, "must be an http or https URL");
    }
    Some(url)
}

fn flag(text: &str) -> Result<bool, ParseError> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(ParseError::new("must be true or false")),
    }
}

fn ca_bundle(env: &Env<'_>) -> Option<Vec<u8>> {
    let path = env.get("AWS_CA_BUNDLE")?;
    let bundle = std::fs::read(path);
    let bundle =
        bundle.inspect_err(|error| env.problem("AWS_CA_BUNDLE", format!("can't be read: {error}"))).ok()?;
    if !is_usable(&bundle) {
        env.problem("AWS_CA_BUNDLE", "has no certificate in PEM form, or one that is broken");
    }
    Some(bundle)
}

/// Returns `true` if all certificates are valid roots, and there is at least one. The client accepts any file, and then
/// trusts no server or panics.
fn is_usable(bundle: &[u8]) -> bool {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bundle).collect();
    certificates
        .is_ok_and(|all| !all.is_empty() && all.iter().all(|one| anchor_from_trusted_cert(one).is_ok()))
}
