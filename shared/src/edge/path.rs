//! Match of a request's path with its route's template: parameters, and the prefix before the route's part. The prefix is a
//! named stage or the mapping of a custom domain.

use std::borrow::Cow;
use std::collections::BTreeMap;

use percent_encoding::{percent_decode_str, utf8_percent_encode};

use crate::domain::UNRESERVED;

/// Result of a match.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PathMatch {
    /// Prefix, percent-encoded; may be empty.
    pub(super) prefix: String,
    /// Parameters, decoded.
    pub(super) parameters: BTreeMap<String, String>,
}

/// Matches the end of a path against a template. `is_encoded` is `true` if the path is still percent-encoded.
///
/// A prefix with an empty segment, `.` or `..` does not match, because `//host/…` in a `Location` leads to another host.
pub(super) fn match_end(path: &str, is_encoded: bool, template: &str) -> Option<PathMatch> {
    let mut before = path;
    let mut parameters = BTreeMap::new();
    for name in template.trim_start_matches('/').rsplit('/') {
        let (rest, segment) = before.rsplit_once('/')?;
        let segment = decode(segment, is_encoded)?;
        match name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !segment.is_empty() => {
                drop(parameters.insert(name.to_owned(), segment.into_owned()));
            }
            None if name == segment => {}
            _ => return None,
        }
        before = rest;
    }
    Some(PathMatch { prefix: prefix(before, is_encoded)?, parameters })
}

/// Decodes a segment. Returns `None` if the result is not UTF-8.
pub(super) fn decode(segment: &str, is_encoded: bool) -> Option<Cow<'_, str>> {
    if is_encoded { percent_decode_str(segment).decode_utf8().ok() } else { Some(segment.into()) }
}

fn prefix(path: &str, is_encoded: bool) -> Option<String> {
    let mut segments = path.split('/');
    let mut prefix = String::new();
    // The first segment is the empty one before the first slash.
    segments.next().filter(|root| root.is_empty())?;
    for segment in segments {
        let segment = decode(segment, is_encoded)?;
        if matches!(&*segment, "" | "." | "..") {
            return None;
        }
        prefix.push('/');
        prefix.extend(utf8_percent_encode(&segment, UNRESERVED));
    }
    Some(prefix)
}

#[cfg(test)]
mod tests;
