//! Descriptions of files that clients put into the bucket themselves.

use schemars::JsonSchema;

use super::{Content, FromRequest, Json};
use crate::config::Env;
use crate::config::uploads::DirectUploadLimits;
use crate::domain::validation::{Input, ValidationError};
use crate::domain::{FileDescription, FileName};
use crate::edge::error::{Error, Result};
use crate::edge::operation::Operation;
use crate::edge::request::Request;

/// JSON that describes a file. The handler gets a [`FileDescription`].
///
/// ```
/// use shared::domain::FileDescription;
/// use shared::edge::{OkJson, OrgMember, RequestContext, Result};
///
/// async fn size(_: RequestContext<OrgMember, ()>, file: FileDescription) -> Result<OkJson<u64>> {
///     Ok(OkJson(file.size()))
/// }
/// ```
#[derive(Debug)]
pub struct DirectUpload;

/// File to be uploaded.
#[derive(Input, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NewUpload {
    /// Name. Paths, control characters and invisible characters are removed.
    name: String,
    /// Media type, one of the allowed types.
    content_type: String,
    /// Size in bytes.
    #[validate(range(min = 1))]
    size: u64,
    /// SHA-256 of the bytes, in hexadecimal digits.
    #[validate(custom(function = "sha256"))]
    #[schemars(regex(pattern = "^[0-9A-Fa-f]{64}$"))]
    sha256: String,
}

impl Content for DirectUpload {}

impl FromRequest for DirectUpload {
    type Settings = DirectUploadLimits;
    type Value = FileDescription;

    fn settings(env: &Env<'_>) -> Option<DirectUploadLimits> {
        DirectUploadLimits::from_env(env)
    }

    async fn from_request(limits: &DirectUploadLimits, request: &mut Request) -> Result<FileDescription> {
        let NewUpload { name, content_type, size, sha256 } = Json::from_request(&(), request).await?;
        let content_type = limits.allowed_types.declared(&content_type)?;
        if size > limits.max_bytes {
            return Err(Error::TooLarge { what: "file", limit: limits.max_bytes });
        }
        let sha256 = unhex(&sha256).unwrap_or_default();
        Ok(FileDescription::new(FileName::new(&name), content_type, size, sha256))
    }

    fn describe(operation: &mut Operation) {
        Json::<NewUpload>::describe(operation);
    }
}

fn sha256(text: &str) -> std::result::Result<(), ValidationError> {
    let refusal =
        || ValidationError::new("invalid_format").with_message("SHA-256 must be 64 hex digits".into());
    unhex(text).map(drop).ok_or_else(refusal)
}

/// Parses 64 hexadecimal digits of either case.
fn unhex(text: &str) -> Option<[u8; 32]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes: Option<Vec<u8>> =
        pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    bytes.filter(|_| rest.is_empty())?.try_into().ok()
}
