//! What Lambda, and the SDK that runs in it, take from the environment themselves: only whether it is there, and usable.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use super::{Env, is_http};

/// A PEM file with the certificate authorities to trust in place of Amazon's own (`AWS_CA_BUNDLE`).
#[must_use]
pub fn ca_bundle(env: &Env<'_>) -> Option<Vec<u8>> {
    let path = env.get("AWS_CA_BUNDLE")?;
    let bundle = std::fs::read(path);
    let bundle =
        bundle.inspect_err(|error| env.problem("AWS_CA_BUNDLE", format!("can't be read: {error}"))).ok()?;
    // The client would take any file, and then trust nobody.
    if CertificateDer::pem_slice_iter(&bundle).find_map(Result::ok).is_none() {
        env.problem("AWS_CA_BUNDLE", "has no certificate in PEM form");
    }
    Some(bundle)
}

/// What Lambda sets. Without it the runtime would panic, and the SDK would fail at the first request only.
pub fn require_lambda(env: &Env<'_>) {
    if env.get("AWS_LAMBDA_RUNTIME_API").is_none() {
        return env.problem(
            "AWS_LAMBDA_RUNTIME_API",
            "is not set: this is a Lambda function, `cargo run -p local` starts it locally",
        );
    }
    for name in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        // The value is read by the SDK itself; only its absence is of interest here.
        let _present = env.required(name);
    }
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3"] {
        // The SDK would take an empty one for an address too, and panic at the first request.
        if (env.lookup)(name).is_some_and(|url| !is_http(&url)) {
            env.problem(name, "must be an http or https URL");
        }
    }
}
