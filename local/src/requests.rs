//! Paths and bodies that clients of the service send. What must stay out: sending them.

/// The path of the projects of an organization.
#[must_use]
pub fn projects(organization: &str) -> String {
    format!("/v1/orgs/{organization}/projects")
}

/// The path of the notes of an organization, which the specimen functions keep.
#[must_use]
pub fn notes(organization: &str) -> String {
    format!("/v1/orgs/{organization}/notes")
}

/// The path of the files of a project.
#[must_use]
pub fn files(organization: &str, project: &str) -> String {
    format!("/v1/orgs/{organization}/projects/{project}/files")
}

/// A `multipart/form-data` body with the boundary `boundary` and one file in the field `file`.
#[must_use]
pub fn form(file_name: &str, content_type: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!(
        "--boundary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\nContent-Type: {content_type}\r\n\r\n"
    );
    [head.as_bytes(), bytes, b"\r\n--boundary--\r\n"].concat()
}

/// The type of a body that [`form`] makes.
pub const FORM: &str = "multipart/form-data; boundary=boundary";

/// The smallest bytes that are known as a PNG image.
pub const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";
