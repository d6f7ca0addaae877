//! Size, checksum and beginning of objects.

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::ChecksumMode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::{ObjectKey, Objects};
use crate::domain::{Error, Result, hex};
use crate::storage::error::sdk_error;

/// S3 error codes for an object that doesn't exist: of a `GET`, and of a `HEAD`, which has no body. Callers that may not list
/// the bucket get `AccessDenied` instead, so the function's role needs `s3:ListBucket`.
const MISSING_CODES: [&str; 2] = ["NoSuchKey", "NotFound"];

/// Size and checksum of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 in lower-case hexadecimal digits, if S3 has checked one.
    pub sha256: Option<String>,
    /// `true` if the object has a `Content-Encoding`, so that clients would decode it.
    pub is_encoded: bool,
}

impl Objects {
    /// Returns size and checksum of an object; `None` if there is none.
    ///
    /// ```
    /// # use shared::domain::{Result, Scope};
    /// # use shared::storage::{ObjectKey, Objects};
    /// async fn is_stored(objects: &Objects, scope: &impl Scope, id: &str) -> Result<bool> {
    ///     Ok(objects.info(&ObjectKey::new(scope, id)).await?.is_some())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] if the bucket is unavailable.
    pub async fn info(&self, key: &ObjectKey) -> Result<Option<ObjectInfo>> {
        let head = self.client.head_object().bucket(&self.bucket).key(key.as_str());
        let Some(output) = found(head.checksum_mode(ChecksumMode::Enabled).send().await)? else {
            return Ok(None);
        };
        let size = output.content_length.and_then(|length| u64::try_from(length).ok()).unwrap_or_default();
        let sha256 = output.checksum_sha256.and_then(|text| STANDARD.decode(text).ok());
        let is_encoded = output.content_encoding.is_some_and(|coding| !coding.is_empty());
        Ok(Some(ObjectInfo { size, sha256: sha256.map(|bytes| hex(&bytes)), is_encoded }))
    }

    /// Returns the first bytes of an object, at most `length`; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] if the bucket is unavailable or the transfer breaks off.
    pub async fn beginning(&self, key: &ObjectKey, length: usize) -> Result<Option<Bytes>> {
        let get = self.client.get_object().bucket(&self.bucket).key(key.as_str());
        let range = format!("bytes=0-{}", length.saturating_sub(1));
        let Some(output) = found(get.range(range).send().await)? else { return Ok(None) };
        // A response from elsewhere, such as a proxy's page, must not pass for the object.
        if !output.content_range.is_some_and(|range| range.starts_with("bytes 0-")) {
            return Err(Error::Unavailable("the bucket returned no part of the object".into()));
        }
        let bytes = output.body.collect().await.map_err(|error| Error::Unavailable(error.into()))?;
        Ok(Some(bytes.into_bytes()))
    }
}

/// Returns the output, or `None` for a missing object.
fn found<T, E, R>(output: Result<T, SdkError<E, R>>) -> Result<Option<T>>
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match output {
        Ok(output) => Ok(Some(output)),
        Err(error) if error.code().is_some_and(|code| MISSING_CODES.contains(&code)) => Ok(None),
        Err(error) => Err(sdk_error(error)),
    }
}
