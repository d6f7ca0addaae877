//! Bytes of files, as objects in a bucket.
//!
//! An object's name identifies its content: it is the file's id or, with an idempotency key, a hash of key and content.
//! With a key, a repeated request therefore finds the same object. S3 checks the SHA-256 and stores only bytes that match.
//!
//! # An upload's three writes
//!
//! A function may end between any two of them:
//!
//! 1. Put the object as pending, with the tag `state=unrecorded`, only if there is none (`If-None-Match: *`). Neither a
//!    repeated request nor a late attempt can tag an object that a row refers to.
//! 2. Write the row and, with a key, the idempotency record, in one transaction.
//! 3. Delete the tag. Only then does the upload respond 201. A replay deletes the tag too, because the first request may
//!    have ended before this step, and puts the object again if it is gone.
//!
//! The object of an upload that responded 201 has no tag. A failure leaves a tag, and the bucket's lifecycle rule in
//! `template.yaml` deletes the object after 7 days. A repeated request can reuse it for 24 hours.
//!
//! An upload without a key that ends between steps 2 and 3 leaves a row whose object will expire. The client never received
//! its id. A download route must return 404 for such rows.
//!
//! # Concurrent puts
//!
//! An object is created once. `PreconditionFailed` means that it exists, perhaps by an earlier attempt. While another put
//! of it is in progress (`ConditionalRequestConflict`), the put is attempted twice more; then the upload is 409.
//!
//! # Shared objects
//!
//! Several rows may have one object, because a key used again for the same content after 24 hours finds the earlier object.
//! A route that deletes files must keep an object while another row refers to it.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Builder;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::delete_object_tagging::DeleteObjectTaggingError;
use aws_sdk_s3::primitives::ByteStream;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::utf8_percent_encode;

use super::aws::{Aws, preconnect, timeouts};
use super::error::{contention, sdk_error};
use super::gate::write_permitted;
use crate::domain::{FileName, NewFile, Result, Scope, UNRESERVED};

/// Tag of a pending object.
const PENDING: &str = "state=unrecorded";

/// S3 error codes for untagging a deleted object. `MethodNotAllowed` comes from a delete marker, `AccessDenied` from a
/// caller without `ListBucket`.
const DELETED_CODES: [&str; 3] = ["NoSuchKey", "MethodNotAllowed", "AccessDenied"];

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
/// // A key of another organization is refused.
/// assert_eq!(ObjectKey::from_storage(&scope, "orgs/umbrella/0190a1b2"), None);
/// # Ok::<(), shared::domain::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// Returns the key with this name. Use an id or a hash, never a caller's text. New content needs a new name, because an
    /// existing object stays unchanged.
    pub fn new(scope: &impl Scope, name: &str) -> Self {
        Self(format!("{}/{name}", scope.folder()))
    }

    /// Takes a key from a row. Returns `None` for one outside the folder of the scope.
    pub fn from_storage(scope: &impl Scope, key: &str) -> Option<Self> {
        let name = key.strip_prefix(&scope.folder())?.strip_prefix('/')?;
        (!name.is_empty()).then(|| Self(key.to_owned()))
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
/// async fn attach(objects: &Objects, scope: &OrgScope, id: &str, file: &NewFile) -> Result<()> {
///     let key = ObjectKey::new(scope, id);
///     objects.put_pending(&key, file).await?;
///     // Write the row that refers to it here. Without the row, S3 deletes the object after 7 days.
///     objects.commit(&key, file).await
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

    /// Starts to open a connection. No call is made; it would be about an object that can't exist.
    pub async fn preconnect(&self) {
        preconnect([self.untag("-")]).await;
    }

    /// Puts a file as pending. An existing object stays unchanged, because its name identifies its content.
    ///
    /// # Errors
    ///
    /// [`Conflict`](crate::domain::Error::Conflict) if another request is putting it.
    /// [`Unavailable`](crate::domain::Error::Unavailable) if the bucket is unavailable.
    pub async fn put_pending(&self, key: &ObjectKey, file: &NewFile) -> Result<()> {
        write_permitted().await?;
        self.put(&key.0, file, Some(PENDING)).await
    }

    /// Commits a pending object, and puts it again if it is gone. Call it after the row that refers to the file is written.
    ///
    /// # Errors
    ///
    /// Those of [`Objects::put_pending`].
    pub async fn commit(&self, key: &ObjectKey, file: &NewFile) -> Result<()> {
        let object = key.as_str();
        write_permitted().await?;
        match self.untag(object).await {
            Ok(()) => Ok(()),
            // The lifecycle rule may have deleted it, if a request is repeated after days.
            Err(error) if error.code().is_some_and(|code| DELETED_CODES.contains(&code)) => {
                self.put(object, file, None).await?;
                self.untag(object).await.map_err(sdk_error)
            }
            Err(error) => Err(sdk_error(error)),
        }
    }

    /// Puts an object, with retries while another put of it is in progress, perhaps a canceled attempt of this one. S3
    /// demands these retries, and the SDK doesn't make them.
    async fn put(&self, object: &str, file: &NewFile, tags: Option<&str>) -> Result<()> {
        for wait in BACKOFF_MS {
            if let Put::Done = self.put_once(object, file, tags).await? {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_secs_f64(wait / 1000.0 * (0.5 + fastrand::f64()))).await;
        }
        match self.put_once(object, file, tags).await? {
            Put::Done => Ok(()),
            Put::Contended => Err(contention()),
        }
    }

    async fn put_once(&self, object: &str, file: &NewFile, tags: Option<&str>) -> Result<Put> {
        let put = self.client.put_object().bucket(&self.bucket).key(object);
        let sent = put
            .set_tagging(tags.map(str::to_owned))
            // Neither a repeated request nor a late attempt may tag an object that a row refers to.
            .if_none_match("*")
            .content_type(file.content_type())
            // A browser that gets the object itself must download it and not show it.
            .content_disposition(attachment(file.name()))
            .checksum_sha256(STANDARD.encode(file.sha256()))
            .body(ByteStream::from(file.bytes()))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(Put::Done),
            Err(error) => match error.code() {
                Some("PreconditionFailed") => Ok(Put::Done),
                Some("ConditionalRequestConflict") => Ok(Put::Contended),
                _ => Err(sdk_error(error)),
            },
        }
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
fn attachment(name: &FileName) -> String {
    let name = utf8_percent_encode(name.as_str(), UNRESERVED).to_string();
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
        let name = FileName::new("a\"; x=\u{e9}.html");
        assert_eq!(attachment(&name), "attachment; filename*=UTF-8''a%22%3B%20x%3D%C3%A9.html");
    }

    #[test]
    fn long_file_name_is_left_out() {
        assert_eq!(attachment(&FileName::new(&"\u{65e5}".repeat(255))), "attachment");
    }
}
