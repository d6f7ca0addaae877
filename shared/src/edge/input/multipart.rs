//! Files in `multipart/form-data` (RFC 7578).

mod disposition;
mod headers;
mod parameters;
pub(crate) mod parts;

use bytes::Bytes;

use self::disposition::{Disposition, FileName};
use self::headers::Headers;
use super::FromRequest;
use crate::config::Env;
use crate::config::uploads::{DEFAULT_TYPES, UploadLimits};
use crate::domain::validation::{IssueCode, Issues};
use crate::domain::{self, NewFile};
use crate::edge::error::{Error, ErrorCode, Result};
use crate::edge::operation::Operation;
use crate::edge::request::Request;

/// Maximum bytes of a body beside its file: boundaries, headers, other fields, preamble and epilogue.
const ENVELOPE_OVERHEAD: usize = 64 * 1024;

/// Field of the file.
const FIELD: &str = "file";

/// One file in the field `file`. The handler gets a [`NewFile`].
///
/// ```
/// use shared::domain::NewFile;
/// use shared::edge::{OkJson, OrgMember, RequestContext, Result};
///
/// async fn checksum(_: RequestContext<OrgMember, ()>, file: NewFile) -> Result<OkJson<String>> {
///     Ok(OkJson(file.description().sha256_hex()))
/// }
/// ```
#[derive(Debug)]
pub struct Upload;

struct FilePart {
    name: String,
    content_type: String,
    bytes: Bytes,
}

impl FromRequest for Upload {
    type Settings = UploadLimits;
    type Value = NewFile;

    fn settings(env: &Env<'_>) -> Option<UploadLimits> {
        UploadLimits::from_env(env)
    }

    async fn from_request(limits: &UploadLimits, request: &mut Request) -> Result<NewFile> {
        if request.media_type() != "multipart/form-data" {
            return Err(Error::UnsupportedMediaType("multipart/form-data"));
        }
        if request.body_exceeds(limits.max_bytes + ENVELOPE_OVERHEAD) {
            return Err(Error::TooLarge { what: "file with its form", limit: limits.max_bytes as u64 });
        }
        let content_type = request.header("content-type").unwrap_or_default();
        let boundary = parts::boundary(content_type).ok_or(Error::InvalidMultipart)?;
        // A REST API without `binaryMediaTypes` sends bodies as text and replaces bytes that are not UTF-8.
        if request.body_is_damaged() {
            return Err(Error::InvalidMultipart);
        }
        let body = request.take_body().ok_or(Error::InvalidMultipart)?;
        let file = only_file(file_parts(&body, &boundary)?)?;
        if file.bytes.len() > limits.max_bytes {
            return Err(Error::TooLarge { what: FIELD, limit: limits.max_bytes as u64 });
        }
        if body.len() - file.bytes.len() > ENVELOPE_OVERHEAD {
            return Err(Error::TooLarge { what: "form around the file", limit: ENVELOPE_OVERHEAD as u64 });
        }
        Ok(NewFile::new(&file.name, &file.content_type, file.bytes, &limits.allowed_types)?)
    }

    fn describe(operation: &mut Operation) {
        operation.form(FIELD, DEFAULT_TYPES);
        operation.refusals([
            ErrorCode::INVALID_MULTIPART,
            ErrorCode::VALIDATION_ERROR,
            ErrorCode::PAYLOAD_TOO_LARGE,
            ErrorCode::UNSUPPORTED_MEDIA_TYPE,
            ErrorCode::UNPROCESSABLE_ENTITY,
        ]);
    }
}

/// Returns all files in the field `file`. Reads the whole body, because its end may be malformed.
fn file_parts(body: &Bytes, boundary: &str) -> Result<Vec<FilePart>> {
    let mut files = Vec::new();
    for part in parts::split(body, boundary).ok_or(Error::InvalidMultipart)? {
        files.extend(file_part(&part)?);
    }
    Ok(files)
}

/// Returns the file of a part in the field `file` that has a file name or a type. Other parts must be well-formed, and
/// their content is ignored.
fn file_part(part: &Bytes) -> Result<Option<FilePart>> {
    let (headers, bytes) = parts::open(part).ok_or(Error::InvalidMultipart)?;
    let Headers { disposition, content_type, encoding } =
        Headers::parse(headers).ok_or(Error::InvalidMultipart)?;
    let Disposition { name: field, file_name } =
        Disposition::parse(disposition).ok_or(Error::InvalidMultipart)?;
    if field != FIELD || file_name.is_none() && content_type.is_none() {
        return Ok(None);
    }
    let name = match file_name {
        // RFC 7578 has no encodings that change bytes, so the bytes that were meant are unknown.
        _ if encoding.is_some() => return Err(Error::InvalidMultipart),
        Some(FileName::Unreadable) => return Err(Error::InvalidMultipart),
        Some(FileName::Known(name)) => Some(name),
        None => None,
    };
    // A form sends a file input without a chosen file as an empty file with an empty name.
    let is_unchosen = name.as_deref() == Some("") && bytes.is_empty();
    let content_type = String::from_utf8_lossy(content_type.unwrap_or_default()).into_owned();
    let name = name.unwrap_or_default();
    Ok((!is_unchosen).then_some(FilePart { name, content_type, bytes }))
}

/// Returns the only file.
fn only_file(files: Vec<FilePart>) -> Result<FilePart> {
    let refused = |code, message| Err(domain::Error::Invalid(Issues::one(FIELD, code, message)).into());
    match <[FilePart; 1]>::try_from(files) {
        Ok([file]) => Ok(file),
        Err(files) if files.is_empty() => {
            refused(IssueCode::InvalidType, "A file is required in the field \"file\"")
        }
        Err(_) => refused(IssueCode::TooBig, "Only one file can be uploaded at a time"),
    }
}
