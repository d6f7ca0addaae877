//! References within a document.

use serde_json::Value;

/// Returns the part of a document that a `$ref` leads to, or the value itself.
#[must_use]
pub fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let target =
        value["$ref"].as_str().and_then(|reference| document.pointer(reference.trim_start_matches('#')));
    target.map_or(value, |target| resolved(document, target))
}
