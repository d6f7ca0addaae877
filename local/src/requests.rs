//! Paths and bodies of requests to the service.

use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::{Client, RequestBuilder};

/// Returns the path of an organization's projects.
#[must_use]
pub fn projects(organization: &str) -> String {
    format!("/v1/orgs/{organization}/projects")
}

/// Returns the path of an organization's notes, a resource of the specimen functions.
#[must_use]
pub fn notes(organization: &str) -> String {
    format!("/v1/orgs/{organization}/notes")
}

/// Returns the path of a project's files.
#[must_use]
pub fn files(organization: &str, project: &str) -> String {
    format!("/v1/orgs/{organization}/projects/{project}/files")
}

/// Returns the path of a project's direct uploads.
#[must_use]
pub fn uploads(organization: &str, project: &str) -> String {
    format!("/v1/orgs/{organization}/projects/{project}/uploads")
}

/// Builds a `multipart/form-data` body with the boundary `boundary` and one file in the field `file`.
#[must_use]
pub fn form(file_name: &str, content_type: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--boundary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\nContent-Type: {content_type}\r\n\r\n"
    );
    [head.as_bytes(), bytes, b"\r\n--boundary--\r\n"].concat()
}

/// Returns the body that begins the upload of a file.
#[must_use]
pub fn description(name: &str, content_type: &str, bytes: &[u8]) -> Value {
    json!({"name": name, "contentType": content_type, "size": bytes.len(), "sha256": sha256(bytes)})
}

/// Returns the request that puts the bytes of an upload, as its response describes it.
pub fn put(upload: &Value, bytes: impl Into<Bytes>) -> RequestBuilder {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let request = Client::new("").request(&text(&upload["method"]), &text(&upload["url"])).untyped(bytes);
    let headers = upload["headers"].as_object().into_iter().flatten();
    headers.fold(request, |request, (name, value)| request.header(name, text(value)))
}

/// Returns the SHA-256 of bytes in hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Bytes::copy_from_slice(&Sha256::digest(bytes)))
}

/// Media type of the bodies of [`form`].
pub const FORM: &str = "multipart/form-data; boundary=boundary";

/// Magic bytes and header of a PNG image: the shortest bytes that are accepted as one.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";
