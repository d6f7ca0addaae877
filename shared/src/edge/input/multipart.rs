//! Files, sent as `multipart/form-data` (RFC 7578).

mod disposition;

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use multer::{Field, Multipart};

use self::disposition::Disposition;
use super::Intake;
use crate::config::Env;
use crate::config::uploads::UploadLimits;
use crate::domain::validation::{IssueCode, Issues};
use crate::domain::{self, NewFile};
use crate::edge::error::{Error, Result};
use crate::edge::request::Request;

/// How many bytes a body may have besides its file: boundaries, headers of parts and text fields.
const ALLOWANCE: usize = 64 * 1024;

/// The field that carries the file.
const FIELD: &str = "file";

/// The type of a part that declares none (RFC 7578, section 4.4).
const DEFAULT_TYPE: &str = "text/plain";

/// One file, in the field `file`.
pub struct Upload;

/// A part that is a file.
struct FilePart {
    field: String,
    name: Option<String>,
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
        let boundary = multer::parse_boundary(content_type).map_err(|_| Error::InvalidMultipart)?;
        let body = request.take_body().ok_or(Error::InvalidMultipart)?;
        let file = only_file(file_parts(body, boundary).await?)?;
        if file.bytes.len() > limits.max_bytes {
            return Err(too_large(limits));
        }
        let name = file.name.as_deref().unwrap_or_default();
        Ok(NewFile::new(name, &file.content_type, file.bytes, &limits.allowed_types)?)
    }
}

fn too_large(limits: &UploadLimits) -> Error {
    Error::TooLarge { what: FIELD, limit: limits.max_bytes }
}

/// All parts that are files. The whole body is read, so that a broken end is noticed.
async fn file_parts(body: Bytes, boundary: String) -> Result<Vec<FilePart>> {
    let body = stream::iter([Ok::<_, Infallible>(body)]);
    let mut parts = Multipart::new(body, boundary);
    let mut files = Vec::new();
    while let Some(field) = parts.next_field().await.map_err(|_| Error::InvalidMultipart)? {
        files.extend(file_part(field).await?);
    }
    Ok(files)
}

/// A part is a file if it has a file name, or is in the file's field and declares a type. Other parts are text fields,
/// which are ignored, also those that declare a type, as some clients do for all parts.
async fn file_part(field: Field<'_>) -> Result<Option<FilePart>> {
    // Of doubled headers `multer` keeps the last one.
    let header = |name| field.headers().get(name).map(http::HeaderValue::as_bytes);
    let disposition =
        header(CONTENT_DISPOSITION).and_then(Disposition::parse).ok_or(Error::InvalidMultipart)?;
    let content_type = header(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value).into_owned());
    let Disposition { name: field_name, file_name: name } = disposition;
    let is_file = name.is_some() || (field_name == FIELD && content_type.is_some());
    let bytes = field.bytes().await.map_err(|_| Error::InvalidMultipart)?;
    let content_type = content_type.unwrap_or_else(|| DEFAULT_TYPE.to_owned());
    Ok(is_file.then_some(FilePart { field: field_name, name, content_type, bytes }))
}

/// The one file there must be, in its field.
fn only_file(files: Vec<FilePart>) -> Result<FilePart> {
    let refused = |code, message| Err(domain::Error::Invalid(Issues::one(FIELD, code, message)).into());
    match <[FilePart; 1]>::try_from(files) {
        Ok([file]) if file.field == FIELD => Ok(file),
        Err(files) if files.len() > 1 => {
            refused(IssueCode::TooBig, "Only one file can be uploaded at a time")
        }
        _ => refused(IssueCode::InvalidType, "A file is required in the field \"file\""),
    }
}
