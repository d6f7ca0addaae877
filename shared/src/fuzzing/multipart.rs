//! Multipart bodies: the content of a file is in the body, between its boundaries.

use sha2::{Digest, Sha256};

use super::expected::assert_safe_name;
use super::fixture::{MAX_FILE, events, first_line, limits, read};
use crate::config::uploads::DEFAULT_TYPES;
use crate::domain::NewFile;
use crate::edge::error::Result;
use crate::edge::input::Upload;
use crate::edge::input::multipart::parts::boundary;

/// Input: the value of `Content-Type` in one line, and the body.
pub fn multipart(data: &[u8]) {
    let (content_type, body) = first_line(data);
    let responses = responses(content_type.trim_end(), body);
    if let Ok(file) = &responses[0] {
        let boundary = boundary(content_type.trim_end()).unwrap_or_default();
        assert_between_boundaries(&file.content, body, &boundary);
    }
}

/// Accepted file.
#[derive(Debug, PartialEq)]
pub(super) struct Accepted {
    pub(super) name: String,
    pub(super) content_type: &'static str,
    pub(super) content: Vec<u8>,
}

/// Returns the responses to a body in each form in which API Gateway may send it. They are equal.
pub(super) fn responses(content_type: &str, body: &[u8]) -> Vec<Result<Accepted, String>> {
    let mut events = events(content_type, body);
    // As text, such a body counts as damaged.
    if contains(body, "\u{fffd}".as_bytes()) {
        events.retain(|event| event["isBase64Encoded"] == true);
    }
    let responses: Vec<_> = events.iter().map(|event| plain(read::<Upload>(&limits(), event))).collect();
    assert!(
        responses.iter().all(|response| *response == responses[0]),
        "the encoding makes a difference: {responses:?}"
    );
    responses
}

fn plain(response: Result<NewFile>) -> Result<Accepted, String> {
    let file = response.map_err(|error| error.to_string())?;
    let content = file.bytes().to_vec();
    let file = file.description();
    assert_safe_name(file.name());
    assert!(DEFAULT_TYPES.split(',').any(|allowed| allowed == file.content_type()));
    let (name, content_type, sha256) = (file.name().as_str().to_owned(), file.content_type(), *file.sha256());
    assert!((1..=MAX_FILE).contains(&content.len()) && Sha256::digest(&content)[..] == sha256);
    Ok(Accepted { name, content_type, content })
}

/// Asserts that content follows an empty line and ends at the next boundary (RFC 2046, section 5.1.1).
fn assert_between_boundaries(content: &[u8], body: &[u8], boundary: &str) {
    let end = format!("\r\n--{boundary}");
    let framed = [b"\r\n\r\n", content, end.as_bytes()].concat();
    assert!(contains(body, &framed), "{content:?} is no part of the body");
    assert!(!contains(content, end.as_bytes()), "{content:?} holds a boundary");
}

/// Returns `true` if a text contains another.
pub(super) fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
