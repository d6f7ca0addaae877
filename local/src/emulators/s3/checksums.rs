//! Checksums of an object, from headers or trailers.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use s3s::crypto::{Checksum, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use s3s::{S3Result, s3_error};

/// Name of an algorithm, and its function for a base64 digest.
type Algorithm = (&'static str, fn(&[u8]) -> String);

const ALGORITHMS: [Algorithm; 5] = [
    ("crc32", digest::<Crc32>),
    ("crc32c", digest::<Crc32c>),
    ("crc64nvme", digest::<Crc64Nvme>),
    ("sha1", digest::<Sha1>),
    ("sha256", digest::<Sha256>),
];

/// Verifies the checksums of `body` in `headers` and `trailers`, and returns them by algorithm.
pub(super) fn verify(
    body: &[u8],
    headers: &HeaderMap,
    trailers: Option<&HeaderMap>,
) -> S3Result<BTreeMap<String, String>> {
    check(body, headers, "content-md5", digest::<Md5>)?;
    let mut verified = BTreeMap::new();
    for (algorithm, digest) in ALGORITHMS {
        let header = format!("x-amz-checksum-{algorithm}");
        for headers in [Some(headers), trailers].into_iter().flatten() {
            if let Some(checksum) = check(body, headers, &header, digest)? {
                verified.insert(algorithm.to_owned(), checksum);
            }
        }
    }
    Ok(verified)
}

/// Computes S3's entity tag of an object.
pub(super) fn etag(body: &[u8]) -> String {
    Md5::checksum(body).iter().fold(String::new(), |tag, byte| format!("{tag}{byte:02x}"))
}

fn check(
    body: &[u8],
    headers: &HeaderMap,
    header: &str,
    digest: fn(&[u8]) -> String,
) -> S3Result<Option<String>> {
    let Some(sent) = headers.get(header) else {
        return Ok(None);
    };
    let computed = digest(body);
    if sent.as_bytes() == computed.as_bytes() {
        return Ok(Some(computed));
    }
    Err(s3_error!(BadDigest, "The {header} you specified did not match the calculated checksum."))
}

fn digest<C: Checksum>(body: &[u8]) -> String {
    BASE64_STANDARD.encode(C::checksum(body))
}
