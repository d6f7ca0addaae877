//! Addresses by which clients download and upload files without this service in between.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use shared::domain::time::serialize_millis;
use shared::storage::{PresignedUrl, UploadUrl};

use super::{ProjectFile, UploadId};

/// Address of a file's bytes.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Download {
    /// URL for one `GET`, without a token. It is a credential.
    pub url: String,
    /// Time until which the download must begin.
    #[serde(serialize_with = "serialize_millis")]
    pub expires_at: Timestamp,
}

/// File, and the address of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct DownloadableFile {
    /// Metadata.
    #[serde(flatten)]
    pub file: ProjectFile,
    /// Address of the bytes.
    pub download: Download,
}

/// Permission to upload one file.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Upload {
    /// Id, which becomes that of the file.
    pub id: UploadId,
    /// URL for one request with the bytes, without a token. It is a credential.
    pub url: String,
    /// Method of the request: `PUT`.
    #[schemars(extend("const" = "PUT"))]
    pub method: String,
    /// Headers that the request must have beside those that every HTTP client sets itself.
    pub headers: BTreeMap<String, String>,
    /// Time until which the request must begin.
    #[serde(serialize_with = "serialize_millis")]
    pub expires_at: Timestamp,
}

/// Without the URL, because it is a credential.
impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Without the URL, because it is a credential.
impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Upload {
    pub(super) fn new(id: UploadId, UploadUrl { presigned, headers }: UploadUrl) -> Self {
        let PresignedUrl { url, expires_at } = presigned;
        Self { id, url, method: "PUT".to_owned(), headers, expires_at }
    }
}

impl From<PresignedUrl> for Download {
    fn from(PresignedUrl { url, expires_at }: PresignedUrl) -> Self {
        Self { url, expires_at }
    }
}
