//! Signature of a call to `DynamoDB` (Signature Version 4).
//!
//! All its calls have one form, so this signer does without what others need, and derives the key of a day once. It takes a
//! quarter of the instructions of the SDK's. What has another form is left to that one, and so is a retry: the SDK's signer
//! corrects a clock that differs from AWS's.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4Signer};
use aws_sdk_dynamodb::config::{Credentials, Region};
use aws_sigv4::sign::v4::{calculate_signature, generate_signing_key};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::{AuthScheme, AuthSchemeEndpointConfig, AuthSchemeId, Sign};
use aws_smithy_runtime_api::client::identity::{Identity, SharedIdentityResolver};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::{GetIdentityResolver, RuntimeComponents};
use aws_smithy_types::config_bag::ConfigBag;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::domain::hex;
use crate::domain::time::format_millis;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Headers of a usual call. Of these, only the first two must be signed.
const KNOWN_HEADERS: [&str; 5] =
    ["content-type", "x-amz-target", "content-length", "user-agent", "x-amzn-trace-id"];

/// Signer of calls in one region.
pub(super) struct Signer {
    region: String,
    sdk: SigV4Signer,
    key: Mutex<Option<DayKey>>,
}

/// Key of a day and of credentials.
struct DayKey {
    day: String,
    secret: String,
    key: Vec<u8>,
}

impl Signer {
    pub(super) fn new(region: String) -> Self {
        Self { region, sdk: SigV4Signer::new(), key: Mutex::default() }
    }

    /// Signs a call, and returns `None` if it has another form.
    fn sign(&self, request: &mut HttpRequest, credentials: &Credentials, now: Timestamp) -> Option<()> {
        let (host, time) = (host(request.uri())?.to_owned(), compact(now));
        let header = |name| request.headers().get(name).map(str::to_owned);
        let (content_type, target) = (header("content-type")?, header("x-amz-target")?);
        if request.headers().iter().any(|(name, _)| !KNOWN_HEADERS.contains(&name)) {
            return None;
        }
        let token = credentials.session_token();
        let signed = [
            ("content-type", Some(&*content_type)),
            ("host", Some(&host)),
            ("x-amz-date", Some(&time)),
            ("x-amz-security-token", token),
            ("x-amz-target", Some(&target)),
        ];
        let present = || signed.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
        let names = present().map(|(name, _)| name).collect::<Vec<_>>().join(";");
        let headers: String = present().flat_map(|(name, value)| [name, ":", value, "\n"]).collect();
        let body = sha256(request.body().bytes()?);
        let canonical = sha256(format!("POST\n/\n\n{headers}\n{names}\n{body}").as_bytes());
        let (day, region) = (&time[..8], &self.region);
        let scope = format!("{day}/{region}/dynamodb/aws4_request");
        let text = format!("{ALGORITHM}\n{time}\n{scope}\n{canonical}");
        let signature = self.with_key(credentials, day, now, |key| calculate_signature(key, text.as_bytes()));
        let credential = format!("{}/{scope}", credentials.access_key_id());
        let authorization =
            format!("{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}");
        let headers = request.headers_mut();
        for (name, value) in [("x-amz-date", time), ("authorization", authorization)] {
            headers.insert(name, value);
        }
        if let Some(token) = token {
            headers.insert("x-amz-security-token", token.to_owned());
        }
        Some(())
    }

    /// Passes on the key of this day.
    fn with_key<T>(
        &self,
        credentials: &Credentials,
        day: &str,
        now: Timestamp,
        sign: impl FnOnce(&[u8]) -> T,
    ) -> T {
        // A panic can't leave the key half changed.
        let mut known = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        let secret = credentials.secret_access_key();
        let key = match known.take() {
            Some(key) if key.day == day && key.secret == secret => key,
            _ => {
                let key = generate_signing_key(secret, now.into(), &self.region, "dynamodb");
                let key = key.as_ref().to_vec();
                DayKey { day: day.to_owned(), secret: secret.to_owned(), key }
            }
        };
        sign(&known.insert(key).key)
    }
}

/// Without the key, because it is a credential.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("region", &self.region).finish_non_exhaustive()
    }
}

impl AuthScheme for Signer {
    fn scheme_id(&self) -> AuthSchemeId {
        SCHEME_ID
    }

    fn identity_resolver(&self, resolvers: &dyn GetIdentityResolver) -> Option<SharedIdentityResolver> {
        resolvers.identity_resolver(SCHEME_ID)
    }

    fn signer(&self) -> &dyn Sign {
        self
    }
}

impl Sign for Signer {
    fn sign_http_request(
        &self,
        request: &mut HttpRequest,
        identity: &Identity,
        endpoint: AuthSchemeEndpointConfig<'_>,
        components: &RuntimeComponents,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        let is_retry = config.load::<RequestAttempts>().is_some_and(|attempts| attempts.attempts() > 1);
        let now = Timestamp::try_from(components.time_source().unwrap_or_default().now())?;
        let is_own_region = config.load::<Region>().is_some_and(|region| region.as_ref() == self.region);
        let is_usual = is_own_region && !is_retry && !is_special(&endpoint) && request.method() == "POST";
        let credentials = identity.data::<Credentials>().filter(|_| is_usual);
        match credentials.and_then(|credentials| self.sign(request, credentials, now)) {
            Some(()) => Ok(()),
            None => self.sdk.sign_http_request(request, identity, endpoint, components, config),
        }
    }
}

/// Returns `true` if the endpoint says how its calls are signed, as that of another region does.
fn is_special(endpoint: &AuthSchemeEndpointConfig<'_>) -> bool {
    ["signingRegion", "signingName", "signingRegionSet"].iter().any(|name| endpoint.get(name).is_some())
}

/// Returns the `Host` of a URI, or `None` if it has a path.
fn host(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.split_once("://")?;
    let host = rest.strip_suffix('/').unwrap_or(rest);
    let default_port = if scheme == "https" { ":443" } else { ":80" };
    let is_host = !host.contains(['/', '?', '@']);
    is_host.then(|| host.strip_suffix(default_port).unwrap_or(host))
}

/// Formats a time as in `20261122T042311Z`.
fn compact(time: Timestamp) -> String {
    let text = format_millis(time);
    let digits = text.split('.').next().unwrap_or_default().chars().filter(|c| !matches!(c, '-' | ':'));
    digits.chain(['Z']).collect()
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[cfg(test)]
mod tests;
