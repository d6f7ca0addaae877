//! What Lambda sets, and the variables of the SDK that this service promises to follow as every program does.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use webpki::anchor_from_trusted_cert;

use super::{Env, is_http};
use crate::domain::ParseError;

/// Where AWS is, and whom to trust there.
#[derive(Debug)]
pub struct AwsSettings {
    /// The region (`AWS_REGION`).
    pub region: String,
    /// Where `DynamoDB` is, if not at AWS's own address in the region (`AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL`).
    pub dynamodb: Option<String>,
    /// Where S3 is, if not at AWS's own address in the region (`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`).
    pub s3: Option<String>,
    /// Whether to use the endpoints with validated cryptography (`AWS_USE_FIPS_ENDPOINT`).
    pub fips: bool,
    /// Whether to use the endpoints that have IPv6 addresses as well (`AWS_USE_DUALSTACK_ENDPOINT`).
    pub dual_stack: bool,
    /// The certificate authorities in PEM form to trust in place of Amazon's own (`AWS_CA_BUNDLE`).
    pub ca_bundle: Option<Vec<u8>>,
}

impl AwsSettings {
    /// Reads what Lambda sets. Without it the runtime would panic, and the SDK would fail at the first request only.
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
            // The value is read by the SDK itself; only its absence is of interest here.
            let _present = env.required(name);
        }
        let switches =
            ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"];
        let [ignored, fips, dual_stack] = switches.map(|name| env.parsed_with(name, "false", flag));
        let everywhere = endpoint(env, "AWS_ENDPOINT_URL");
        let [dynamodb, s3] = ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3"]
            .map(|name| endpoint(env, name).or_else(|| everywhere.clone()))
            .map(|url| url.filter(|_| ignored != Some(true)));
        let own = dynamodb.is_some() || s3.is_some();
        for (name, used) in [(switches[1], fips), (switches[2], dual_stack)] {
            // The SDK would refuse every call.
            if own && used == Some(true) {
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

/// Whether there is a certificate in it, and none that can't be an authority. The client would take any file, and then
/// trust nobody, or panic at what it can't read.
fn is_usable(bundle: &[u8]) -> bool {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bundle).collect();
    certificates
        .is_ok_and(|all| !all.is_empty() && all.iter().all(|one| anchor_from_trusted_cert(one).is_ok()))
}
