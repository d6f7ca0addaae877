//! A request's path beside its route's template: the parameters in it, and the prefix before the route's own part, which
//! is a named stage or the mapping of a custom domain.

use std::collections::BTreeMap;

use percent_encoding::{percent_decode_str, utf8_percent_encode};

use crate::domain::PLAIN;

/// A path that ends as its route's template has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PathMatch {
    /// The part before the route's own, percent-encoded; empty where there is none.
    pub(super) prefix: String,
    /// The parameters, decoded.
    pub(super) parameters: BTreeMap<String, String>,
}

/// Matches the end of a path against a template. `is_encoded` says that the path is still percent-encoded.
///
/// A prefix with an empty segment or one of dots is refused: `//host/…` in a `Location` would lead to another host.
pub(super) fn match_end(path: &str, is_encoded: bool, template: &str) -> Option<PathMatch> {
    let segments = path.split('/');
    let segments: Vec<String> = if is_encoded {
        segments.map(decode).collect::<Option<_>>()?
    } else {
        segments.map(str::to_owned).collect()
    };
    let names: Vec<&str> = template.trim_start_matches('/').split('/').collect();
    let (before, own) = segments.split_at(segments.len().checked_sub(names.len())?);
    Some(PathMatch { prefix: prefix(before)?, parameters: parameters(&names, own)? })
}

/// Decodes a segment that is UTF-8.
pub(super) fn decode(segment: &str) -> Option<String> {
    percent_decode_str(segment).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// Joins segments, the first of which is the empty one before the first slash.
fn prefix(segments: &[String]) -> Option<String> {
    let (root, segments) = segments.split_first()?;
    let is_usual = |segment: &String| !matches!(segment.as_str(), "" | "." | "..");
    let joined = || segments.iter().map(|segment| format!("/{}", utf8_percent_encode(segment, PLAIN)));
    (root.is_empty() && segments.iter().all(is_usual)).then(|| joined().collect())
}

fn parameters(names: &[&str], segments: &[String]) -> Option<BTreeMap<String, String>> {
    let mut parameters = BTreeMap::new();
    for (name, segment) in names.iter().zip(segments) {
        match name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !segment.is_empty() => drop(parameters.insert(name.to_owned(), segment.clone())),
            None if name == segment => {}
            _ => return None,
        }
    }
    Some(parameters)
}

#[cfg(test)]
mod tests;
