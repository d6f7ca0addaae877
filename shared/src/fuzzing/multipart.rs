//! Multipart bodies of any kind: what is taken for a file's content stands in the body, between its boundaries.

use sha2::{Digest, Sha256};

use super::expected::is_harmless;
use super::stage::{MAX_FILE, events, first_line, limits, read};
use crate::config::uploads::DEFAULT_TYPES;
use crate::domain::NewFile;
use crate::edge::error::Result;
use crate::edge::input::Upload;
use crate::edge::input::multipart::parts::boundary;

/// An input is the value of `Content-Type` in one line, and the body.
pub fn multipart(data: &[u8]) {
    let (content_type, body) = first_line(data);
    let responses = responses(content_type.trim_end(), body);
    if let Ok(file) = &responses[0] {
        let boundary = boundary(content_type.trim_end()).unwrap_or_default();
        stands_between_boundaries(&file.content, body, &boundary);
    }
}

/// What is taken of a file.
#[derive(Debug, PartialEq)]
pub(super) struct Taken {
    pub(super) name: String,
    pub(super) content_type: &'static str,
    pub(super) content: Vec<u8>,
}

/// The answers to a body in every form in which API Gateway may send it, which are all the same.
pub(super) fn responses(content_type: &str, body: &[u8]) -> Vec<Result<Taken, String>> {
    let mut events = events(content_type, body);
    // As text such a body counts as damaged on its way.
    if contains(body, "\u{fffd}".as_bytes()) {
        events.retain(|event| event["isBase64Encoded"] == true);
    }
    let responses: Vec<_> = events.iter().map(|event| plain(read::<Upload>(&limits(), event))).collect();
    assert!(
        responses.iter().all(|response| *response == responses[0]),
        "the transport makes a difference: {responses:?}"
    );
    responses
}

fn plain(response: Result<NewFile>) -> Result<Taken, String> {
    let file = response.map_err(|error| error.to_string())?;
    is_harmless(file.name());
    assert!(DEFAULT_TYPES.split(',').any(|allowed| allowed == file.content_type()));
    let (name, content_type, sha256) = (file.name().as_str().to_owned(), file.content_type(), *file.sha256());
    let content = file.bytes().to_vec();
    assert!((1..=MAX_FILE).contains(&content.len()) && Sha256::digest(&content)[..] == sha256);
    Ok(Taken { name, content_type, content })
}

/// RFC 2046, section 5.1.1: content follows an empty line and ends where the next boundary begins.
fn stands_between_boundaries(content: &[u8], body: &[u8], boundary: &str) {
    let end = format!("\r\n--{boundary}");
    let framed = [b"\r\n\r\n", content, end.as_bytes()].concat();
    assert!(contains(body, &framed), "{content:?} is no part of the body");
    assert!(!contains(content, end.as_bytes()), "{content:?} holds a boundary");
}

/// Whether one text stands in the other.
pub(super) fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
