//! Receives a body into a file, with bounded memory.

use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use http::{HeaderMap, StatusCode};
use s3s::dto::StreamingBlob;
use s3s::{S3Error, S3Result, s3_error};
use tempfile::NamedTempFile;

use super::bodies::Bodies;
use super::checksums::Digests;
use super::errors::{error, internal};

/// Largest object in bytes, as in S3 for a single put.
const MAX_OBJECT: u64 = 5 * 1024 * 1024 * 1024;

/// Received body. Its file is deleted with it.
pub(super) struct Upload {
    pub(super) file: NamedTempFile,
    pub(super) size: u64,
    pub(super) digests: Digests,
}

/// Receives the whole body, of the announced `length`. An incomplete transfer, or a body that its signature does not
/// cover, is an error.
pub(super) async fn receive(
    mut body: StreamingBlob,
    length: Option<i64>,
    bodies: &Arc<Bodies>,
    headers: &HeaderMap,
) -> S3Result<Upload> {
    if length.is_some_and(|length| length.unsigned_abs() > MAX_OBJECT) {
        return Err(too_large());
    }
    let file = bodies.create().map_err(internal)?;
    let mut upload = Upload { file, size: 0, digests: Digests::wanted(headers) };
    while let Some(chunk) = body.try_next().await.map_err(broken)? {
        upload = blocking(move || upload.append(&chunk)).await?;
        if upload.size > MAX_OBJECT {
            return Err(too_large());
        }
    }
    let bodies = Arc::clone(bodies);
    blocking(move || bodies.sync(&upload.file).map(|()| upload)).await
}

impl Upload {
    fn append(mut self, chunk: &Bytes) -> io::Result<Self> {
        self.file.write_all(chunk)?;
        self.digests.update(chunk);
        self.size += chunk.len() as u64;
        Ok(self)
    }
}

/// Runs `work` on a thread for blocking calls, because files and digests block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> S3Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(internal)?.map_err(internal)
}

fn too_large() -> S3Error {
    s3_error!(EntityTooLarge, "Your proposed upload exceeds the maximum allowed size of {MAX_OBJECT} bytes")
}

fn broken(source: s3s::StdError) -> S3Error {
    if !source.to_string().contains("Sha256Mismatch") {
        return S3Error::with_source(s3s::S3ErrorCode::IncompleteBody, source);
    }
    let message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
    error("XAmzContentSHA256Mismatch", StatusCode::BAD_REQUEST, message)
}
