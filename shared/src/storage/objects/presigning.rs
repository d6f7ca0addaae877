//! Presigned URLs, by which clients get and put objects without this service in between.
//!
//! A function signs them with its own role, so a URL permits only calls that the role may make. It ends with the role's
//! session, if that is earlier.

use std::collections::BTreeMap;
use std::fmt;

use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use jiff::{SignedDuration, Timestamp};

use super::{ObjectKey, Objects, attachment};
use crate::domain::{Error, FileDescription, Result};

/// Lifetime of a URL to get an object.
const GET_LIFETIME: SignedDuration = SignedDuration::from_secs(60);

/// Lifetime of a URL to put an object.
const PUT_LIFETIME: SignedDuration = SignedDuration::from_mins(15);

/// Headers that an HTTP client sets itself, and the SDK's trace header, which is not signed.
const OMITTED_HEADERS: [&str; 3] = ["host", "content-length", "x-amzn-trace-id"];

/// Presigned URL.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedUrl {
    /// URL. It is a credential.
    pub url: String,
    /// Time until which the transfer must begin.
    pub expires_at: Timestamp,
}

/// Presigned URL to put an object, and the headers of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadUrl {
    /// URL.
    pub presigned: PresignedUrl,
    /// Headers that the request must have beside those that every HTTP client sets itself.
    pub headers: BTreeMap<String, String>,
}

/// Without the URL, because it is a credential.
impl fmt::Debug for PresignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresignedUrl").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

impl Objects {
    /// Returns a URL to get an object as a file of this name and type, for 60 seconds from `now`. No call is made.
    ///
    /// ```
    /// # use jiff::Timestamp;
    /// # use shared::domain::{OrgScope, Result};
    /// # use shared::storage::{ObjectKey, Objects, PresignedUrl};
    /// async fn url(objects: &Objects, scope: &OrgScope, id: &str, now: Timestamp) -> Result<PresignedUrl> {
    ///     objects.download_url(&ObjectKey::new(scope, id), "invoice.pdf", "application/pdf", now).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if it can't be signed.
    pub async fn download_url(
        &self,
        key: &ObjectKey,
        name: &str,
        content_type: &str,
        now: Timestamp,
    ) -> Result<PresignedUrl> {
        let get = self.client.get_object().bucket(&self.bucket).key(key.as_str());
        let get = get.response_content_type(content_type).response_content_disposition(attachment(name));
        // The client that put the object may have stored another.
        let get = get.response_cache_control("no-store");
        let signed = get.presigned(config(now, GET_LIFETIME)?).await.map_err(Error::internal)?;
        Ok(presigned(&signed, now, GET_LIFETIME))
    }

    /// Returns a URL for one put of a pending object with exactly this size, type and SHA-256, for 15 minutes from `now`. S3
    /// refuses others, and a second one. A put may add headers that S3 doesn't require to be signed, such as
    /// `Content-Encoding`, so check [`ObjectInfo`](super::ObjectInfo) afterwards. No call is made.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if it can't be signed.
    pub async fn upload_url(
        &self,
        key: &ObjectKey,
        file: &FileDescription,
        now: Timestamp,
    ) -> Result<UploadUrl> {
        let length = i64::try_from(file.size()).map_err(Error::internal)?;
        let put = self.pending(key, file).content_length(length);
        let signed = put.presigned(config(now, PUT_LIFETIME)?).await.map_err(Error::internal)?;
        let headers = signed.headers().filter(|(name, _)| !OMITTED_HEADERS.contains(name));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Ok(UploadUrl { presigned: presigned(&signed, now, PUT_LIFETIME), headers })
    }
}

fn config(now: Timestamp, lifetime: SignedDuration) -> Result<PresigningConfig> {
    let config = PresigningConfig::builder().start_time(now.into()).expires_in(lifetime.unsigned_abs());
    config.build().map_err(Error::internal)
}

/// Returns the URL. S3 knows whole seconds only, so it ends with the second in which its lifetime ends.
fn presigned(signed: &PresignedRequest, now: Timestamp, lifetime: SignedDuration) -> PresignedUrl {
    let seconds = Timestamp::from_second(now.as_second()).unwrap_or(now);
    PresignedUrl { url: signed.uri().to_owned(), expires_at: seconds + lifetime }
}
