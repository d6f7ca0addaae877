//! Paths and bodies of requests to the service.

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

/// Media type of the bodies of [`form`].
pub const FORM: &str = "multipart/form-data; boundary=boundary";

/// Magic bytes and header of a PNG image: the shortest bytes that are accepted as one.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";
