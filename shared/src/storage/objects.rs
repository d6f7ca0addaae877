//! Bytes of files, as objects in a bucket. Each object belongs to one row: its name is an id that no other row has.
//!
//! # An upload's three writes
//!
//! A function may end between any two of them:
//!
//! 1. Put the object as pending, with the tag `state=unrecorded`, only if there is none (`If-None-Match: *`). So a late
//!    attempt can't tag an object that a row refers to. S3 checks the SHA-256 and stores only bytes that match.
//! 2. Write the row and, with a key, the idempotency record, in one transaction.
//! 3. Delete the tag. Only then does the upload respond 201. A replay deletes the tag too, because the first request may
//!    have ended before this step.
//!
//! The object of an upload that responded 201 has no tag. A failure leaves a tag, and the bucket's lifecycle rule in
//! `template.yaml` deletes the object after 7 days. A function that follows the table's stream should commit the objects of
//! new rows, because an upload may end between steps 2 and 3.
//!
//! A client that puts the object itself, by [`Objects::upload_url`], makes the first write. The URL is pinned to the bytes
//! and the tag.
//!
//! # Concurrent puts
//!
//! An object is created once. `PreconditionFailed` means that it exists, by an earlier attempt. While another put of it is
//! in progress (`ConditionalRequestConflict`), the put is attempted twice more; then the upload is 409.

mod inspection;
mod presigning;

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::delete_object_tagging::DeleteObjectTaggingError;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::utf8_percent_encode;

pub use self::inspection::ObjectInfo;
pub use self::presigning::{PresignedUrl, UploadUrl};
use super::aws::{Aws, timeouts};
use super::error::sdk_error;
use super::gate::write_permitted;
use crate::domain::{Error, FileDescription, NewFile, Result, Scope, UNRESERVED};
use crate::warm_up;

/// Tag of a pending object.
const PENDING: &str = "state=unrecorded";

/// S3 error codes for untagging a deleted object. `MethodNotAllowed` comes from a delete marker.
const DELETED_CODES: [&str; 2] = ["NoSuchKey", "MethodNotAllowed"];

/// Backoff in milliseconds before each further put, give or take a half.
const BACKOFF_MS: [f64; 2] = [50.0, 200.0];

/// Outcome of a put.
enum Put {
    /// The object exists.
    Done,
    /// Another put of it is in progress.
    Contended,
}

/// Maximum length in bytes of an encoded file name in an object's headers. S3 accepts 2 KB of headers.
const MAX_NAME_BYTES: usize = 1024;

/// Key of an object: a name in the folder of a scope.
///
/// ```
/// # use shared::domain::OrgScope;
/// # let scope = OrgScope::vouch("alice".parse()?, "acme".parse()?, Vec::new());
/// use shared::storage::ObjectKey;
///
/// let key = ObjectKey::new(&scope, "0190a1b2");
/// assert_eq!(key.as_str(), "orgs/acme/0190a1b2");
/// # Ok::<(), shared::domain::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// Returns the key with this name. Use an id, never a caller's text. New content needs a new name, because an existing
    /// object stays unchanged.
    pub fn new(scope: &impl Scope, name: &str) -> Self {
        Self(format!("{}/{name}", scope.folder()))
    }

    /// Returns the key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Bucket of files.
///
/// ```
/// use shared::domain::{NewFile, OrgScope, Result};
/// use shared::storage::{ObjectKey, Objects};
///
/// async fn attach(objects: &Objects, scope: &OrgScope, id: &str, file: &NewFile) -> Result<bool> {
///     let key = ObjectKey::new(scope, id);
///     objects.put_pending(&key, file).await?;
///     // Write the row that refers to it here. Without the row, S3 deletes the object after 7 days.
///     objects.commit(&key).await
/// }
/// ```
#[derive(Debug)]
pub struct Objects {
    client: Client,
    bucket: String,
}

impl Objects {
    /// Opens the bucket of this name. No connection is made yet.
    #[must_use]
    pub fn open(aws: &Aws, bucket: String) -> Self {
        Self { client: aws.s3(), bucket }
    }

    /// Makes the call of a commit for a warm-up. Outside of one it does nothing.
    pub async fn warm_up(&self) {
        if warm_up::is_active() {
            drop(self.untag("-").await);
        }
    }

    /// Puts a file as pending. An existing object stays unchanged, because it is of an earlier attempt.
    ///
    /// # Errors
    ///
    /// [`Conflict`](crate::domain::Error::Conflict) if another request is putting it.
    /// [`Unavailable`](crate::domain::Error::Unavailable) if the bucket is unavailable.
    pub async fn put_pending(&self, key: &ObjectKey, file: &NewFile) -> Result<()> {
        write_permitted().await?;
        self.put(key, file).await
    }

    /// Commits a pending object. Call it after the row that refers to the file is written. Returns `false` if there is no
    /// such object, perhaps because the row was deleted meanwhile.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](crate::domain::Error::Unavailable) if the bucket is unavailable. Without `s3:ListBucket`, a missing
    /// object is an error too.
    pub async fn commit(&self, key: &ObjectKey) -> Result<bool> {
        write_permitted().await?;
        match self.untag(key.as_str()).await {
            Ok(()) => Ok(true),
            Err(error) if error.code().is_some_and(|code| DELETED_CODES.contains(&code)) => Ok(false),
            Err(error) => Err(sdk_error(error)),
        }
    }

    /// Deletes an object, if it exists.
    ///
    /// ```
    /// # use shared::domain::{Result, Scope};
    /// # use shared::storage::{ObjectKey, Objects};
    /// async fn detach(objects: &Objects, scope: &impl Scope, id: &str) -> Result<()> {
    ///     objects.delete(&ObjectKey::new(scope, id)).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unavailable`](crate::domain::Error::Unavailable) if the bucket is unavailable.
    pub async fn delete(&self, key: &ObjectKey) -> Result<()> {
        write_permitted().await?;
        let delete = self.client.delete_object().bucket(&self.bucket).key(key.as_str());
        delete.send().await.map(drop).map_err(sdk_error)
    }

    /// Puts an object, with retries while another put of it is in progress, perhaps a canceled attempt of this one. S3
    /// demands these retries, and the SDK doesn't make them.
    async fn put(&self, key: &ObjectKey, file: &NewFile) -> Result<()> {
        for wait in BACKOFF_MS {
            if let Put::Done = self.put_once(key, file).await? {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_secs_f64(wait / 1000.0 * (0.5 + fastrand::f64()))).await;
        }
        match self.put_once(key, file).await? {
            Put::Done => Ok(()),
            Put::Contended => Err(Error::CONTENDED),
        }
    }

    async fn put_once(&self, key: &ObjectKey, file: &NewFile) -> Result<Put> {
        let put = self.pending(key, file.description());
        // A browser that gets the object itself must download it and not show it.
        let put = put.content_disposition(attachment(file.description().name().as_str()));
        match put.body(ByteStream::from(file.bytes())).send().await {
            Ok(_) => Ok(Put::Done),
            Err(error) => match error.code() {
                Some("PreconditionFailed") => Ok(Put::Done),
                Some("ConditionalRequestConflict") => Ok(Put::Contended),
                _ => Err(sdk_error(error)),
            },
        }
    }

    /// Returns the put of a pending object, without its body.
    fn pending(&self, key: &ObjectKey, file: &FileDescription) -> PutObjectFluentBuilder {
        let put = self.client.put_object().bucket(&self.bucket).key(key.as_str());
        put.tagging(PENDING)
            // A late attempt must not replace, or tag, an object that a row refers to.
            .if_none_match("*")
            .content_type(file.content_type())
            .checksum_sha256(STANDARD.encode(file.sha256()))
    }

    async fn untag(&self, object: &str) -> Result<(), SdkError<DeleteObjectTaggingError>> {
        let request = self.client.delete_object_tagging().bucket(&self.bucket).key(object);
        // Without a body it is as fast as a call to the table.
        let time = timeouts(Duration::from_secs(1), Duration::from_secs(3));
        let request = request.customize().config_override(Builder::new().timeout_config(time));
        request.send().await.map(drop)
    }
}

/// Returns `Content-Disposition` (RFC 6266), with the name in the form of RFC 8187 unless it is too long for a header.
fn attachment(name: &str) -> String {
    let name = utf8_percent_encode(name, UNRESERVED).to_string();
    if name.len() > MAX_NAME_BYTES {
        "attachment".to_owned()
    } else {
        format!("attachment; filename*=UTF-8''{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_name_is_encoded_in_its_header() {
        assert_eq!(
            attachment("a\"; x=\u{e9}.html"),
            "attachment; filename*=UTF-8''a%22%3B%20x%3D%C3%A9.html"
        );
    }

    #[test]
    fn long_file_name_is_left_out() {
        assert_eq!(attachment(&"\u{65e5}".repeat(255)), "attachment");
    }
}
