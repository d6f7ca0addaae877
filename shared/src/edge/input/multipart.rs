//! Files, sent as `multipart/form-data` (RFC 7578).

mod disposition;
mod headers;
mod parameters;
pub(in crate::edge) mod parts;

use bytes::Bytes;

use self::disposition::Disposition;
use self::headers::Headers;
use super::Intake;
use crate::config::Env;
use crate::config::uploads::UploadLimits;
use crate::domain::validation::{IssueCode, Issues};
use crate::domain::{self, NewFile};
use crate::edge::error::{Error, Result};
use crate::edge::request::Request;

/// The most bytes of a body beside its file: boundaries, headers, other fields, and what stands around the parts.
const ALLOWANCE: usize = 64 * 1024;

/// The field that carries the file.
const FIELD: &str = "file";

/// One file, in the field `file`.
pub struct Upload;

/// A part that is a file in its field.
struct FilePart {
    name: String,
    content_type: String,
    bytes: Bytes,
}

impl Intake for Upload {
    type Settings = UploadLimits;
    type Value = NewFile;

    fn settings(env: &Env<'_>) -> Option<UploadLimits> {
        UploadLimits::read(env)
    }

    async fn read(limits: &UploadLimits, request: &mut Request) -> Result<NewFile> {
        if request.media_type() != "multipart/form-data" {
            return Err(Error::UnsupportedMediaType("multipart/form-data"));
        }
        if request.body_exceeds(limits.max_bytes + ALLOWANCE) {
            return Err(too_large(limits));
        }
        let content_type = request.header("content-type").unwrap_or_default();
        let boundary = parts::boundary(content_type).ok_or(Error::InvalidMultipart)?;
        let body = request.take_body().ok_or(Error::InvalidMultipart)?;
        let file = only_file(file_parts(&body, &boundary)?)?;
        if file.bytes.len() > limits.max_bytes {
            return Err(too_large(limits));
        }
        if body.len() - file.bytes.len() > ALLOWANCE {
            return Err(Error::TooLarge { what: "form around the file", limit: ALLOWANCE });
        }
        Ok(NewFile::new(&file.name, &file.content_type, file.bytes, &limits.allowed_types)?)
    }
}

fn too_large(limits: &UploadLimits) -> Error {
    Error::TooLarge { what: FIELD, limit: limits.max_bytes }
}

/// All files in their field. The whole body is read, so that a broken end is noticed.
fn file_parts(body: &Bytes, boundary: &str) -> Result<Vec<FilePart>> {
    let mut files = Vec::new();
    for part in parts::split(body, boundary).ok_or(Error::InvalidMultipart)? {
        let (disposition, content_type, bytes) = read(&part).ok_or(Error::InvalidMultipart)?;
        files.extend(file_part(disposition, content_type, bytes));
    }
    Ok(files)
}

/// What a part says of itself: its disposition and its type, and its content.
fn read(part: &Bytes) -> Option<(Disposition, Option<&[u8]>, Bytes)> {
    let (headers, bytes) = parts::open(part)?;
    let Headers { disposition, content_type } = Headers::parse(headers)?;
    Some((Disposition::parse(disposition)?, content_type, bytes))
}

/// A part of the field is a file if it has a file name or declares a type. Other parts are ignored, whatever they are.
fn file_part(disposition: Disposition, content_type: Option<&[u8]>, bytes: Bytes) -> Option<FilePart> {
    let Disposition { name: field, file_name } = disposition;
    // A form sends an input in which no file was chosen as an empty file with an empty name.
    let is_unchosen = file_name.as_deref() == Some("") && bytes.is_empty();
    let is_file = field == FIELD && (file_name.is_some() || content_type.is_some()) && !is_unchosen;
    let content_type = String::from_utf8_lossy(content_type.unwrap_or_default()).into_owned();
    is_file.then(|| FilePart { name: file_name.unwrap_or_default(), content_type, bytes })
}

/// The one file that there must be.
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
