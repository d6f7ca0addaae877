//! S3's rule that a signature covers all `x-amz-` headers. `s3s` checks only the headers that a request lists as signed.

use http::{HeaderMap, Uri, header};
use percent_encoding::percent_decode_str;
use s3s::access::{S3Access, S3AccessContext};
use s3s::{S3Result, s3_error};

/// Refuses requests without a signature, with two credentials, or with a signature that leaves out a header of S3.
#[derive(Debug)]
pub(super) struct SignedHeaders;

#[async_trait::async_trait]
impl S3Access for SignedHeaders {
    async fn check(&self, request: &mut S3AccessContext<'_>) -> S3Result<()> {
        if request.credentials().is_none() {
            return Err(s3_error!(AccessDenied, "Access Denied"));
        }
        let is_presigned = request.uri().query().is_some_and(|query| query.contains("X-Amz-Signature="));
        if is_presigned && request.headers().contains_key(header::AUTHORIZATION) {
            return Err(s3_error!(InvalidArgument, "Only one auth mechanism allowed"));
        }
        let signed = names(request.uri(), request.headers());
        let signed = |name: &str| signed.split(';').any(|signed| signed == name);
        let mut names = request.headers().keys().map(header::HeaderName::as_str);
        match names.find(|name| name.starts_with("x-amz-") && !signed(name)) {
            Some(name) => Err(s3_error!(
                AccessDenied,
                "There were headers present in the request which were not signed: {name}"
            )),
            None => Ok(()),
        }
    }
}

/// Returns the names of the signed headers, joined by semicolons, of a presigned URL or of the header `Authorization`.
fn names(uri: &Uri, headers: &HeaderMap) -> String {
    let mut query = uri.query().unwrap_or_default().split('&');
    let in_query = query.find_map(|pair| pair.strip_prefix("X-Amz-SignedHeaders="));
    let in_header = || {
        let authorization = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        authorization.split([',', ' ']).find_map(|part| part.strip_prefix("SignedHeaders="))
    };
    let names = in_query.or_else(in_header).unwrap_or_default();
    percent_decode_str(names).decode_utf8_lossy().into_owned()
}
