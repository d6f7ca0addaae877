//! Digests of a body, and their comparison with the checksums in headers or trailers.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::HeaderMap;
use s3s::crypto::{Checksum, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256};
use s3s::{S3Result, s3_error};

/// Name of an algorithm, and its start.
type Algorithm = (&'static str, fn() -> Box<dyn Digest>);

const ALGORITHMS: [Algorithm; 5] = [
    ("crc32", start::<Crc32>),
    ("crc32c", start::<Crc32c>),
    ("crc64nvme", start::<Crc64Nvme>),
    ("sha1", start::<Sha1>),
    ("sha256", start::<Sha256>),
];

/// Digests of a body that is being received.
pub(super) struct Digests {
    md5: Md5,
    /// Digests by algorithm.
    checksums: Vec<(&'static str, Box<dyn Digest>)>,
}

/// Verified digests of a body.
#[derive(Debug)]
pub(super) struct Verified {
    /// S3's entity tag.
    pub(super) etag: String,
    /// Base64 checksums by algorithm.
    pub(super) checksums: BTreeMap<String, String>,
}

trait Digest: Send {
    fn update(&mut self, chunk: &[u8]);
    /// Returns the base64 digest.
    fn finish(self: Box<Self>) -> String;
}

impl<C: Checksum + Send> Digest for C {
    fn update(&mut self, chunk: &[u8]) {
        Checksum::update(self, chunk);
    }

    fn finish(self: Box<Self>) -> String {
        BASE64_STANDARD.encode(self.finalize())
    }
}

fn start<C: Checksum + Send + 'static>() -> Box<dyn Digest> {
    Box::new(C::new())
}

impl Digests {
    /// Starts the digests for the checksums that are in `headers` or announced for the trailers.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        let trailer = headers.get("x-amz-trailer").and_then(|names| names.to_str().ok()).unwrap_or_default();
        let wanted = |name: &str| {
            let header = header(name);
            headers.contains_key(&header) || trailer.split(',').any(|name| name.trim() == header)
        };
        let checksums = ALGORITHMS.iter().filter(|(name, _)| wanted(name));
        Self { md5: Md5::new(), checksums: checksums.map(|(name, start)| (*name, start())).collect() }
    }

    pub(super) fn update(&mut self, chunk: &[u8]) {
        Checksum::update(&mut self.md5, chunk);
        self.checksums.iter_mut().for_each(|(_, digest)| digest.update(chunk));
    }

    /// Compares the digests with the checksums in `headers` and `trailers`.
    pub(super) fn verify(self, headers: &HeaderMap, trailers: Option<&HeaderMap>) -> S3Result<Verified> {
        let md5 = self.md5.finalize();
        let etag = md5.iter().fold(String::new(), |tag, byte| format!("{tag}{byte:02x}"));
        check(&BASE64_STANDARD.encode(md5), "content-md5", headers)?;
        let mut checksums = BTreeMap::new();
        for (name, digest) in self.checksums {
            let computed = digest.finish();
            for headers in [Some(headers), trailers].into_iter().flatten() {
                check(&computed, &header(name), headers)?;
            }
            checksums.insert(name.to_owned(), computed);
        }
        Ok(Verified { etag, checksums })
    }
}

fn header(algorithm: &str) -> String {
    format!("x-amz-checksum-{algorithm}")
}

fn check(computed: &str, header: &str, headers: &HeaderMap) -> S3Result<()> {
    if headers.get_all(header).iter().all(|sent| sent.as_bytes() == computed.as_bytes()) {
        return Ok(());
    }
    Err(s3_error!(BadDigest, "The {header} you specified did not match the calculated checksum."))
}
