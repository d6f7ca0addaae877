//! Merge patches of notes: accepted exactly if they satisfy the rules, and then they change what RFC 7396 says.

use serde_json::{Map, Value};

use super::expected::{PathAndCode, assert_issues, trimmed};
use super::fixture::{events, first_line, json_of, read};
use super::note::{broken, expected};
use crate::domain;
use crate::domain::validation::specimen::NoteChange;
use crate::edge::error::Error;
use crate::edge::input::MergePatch;

/// Fields of a note.
const FIELDS: [&str; 3] = ["name", "description", "color"];

/// Input: the current note as JSON in one line, and a merge patch.
pub fn merge_patch(data: &[u8]) {
    let (current, body) = first_line(data);
    let mut current = json_of(current.as_bytes())
        .filter(|note| expected(note).is_empty())
        .and_then(|note| note.as_object().cloned())
        .unwrap_or_default();
    current.retain(|field, _| FIELDS.contains(&&**field));
    let patch = json_of(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body));
    let types = ["application/merge-patch+json", "Application/JSON; charset=utf-8"];
    for event in types.iter().flat_map(|media_type| events(media_type, body)) {
        match (&patch, read::<MergePatch<NoteChange>>(&(), &event)) {
            (Some(patch), Ok(change)) => {
                assert_eq!(issues(patch), [], "{patch}");
                assert_eq!(changed(&current, &change), merged(&current, patch), "{patch} of {current:?}");
            }
            (Some(patch), Err(Error::Domain(domain::Error::Invalid(told)))) => {
                assert_issues(&serde_json::to_value(told).unwrap_or_default(), &issues(patch));
            }
            (patch, read) => {
                assert!(patch.is_none() && matches!(read, Err(Error::InvalidJson)), "{read:?} for {patch:?}");
            }
        }
    }
    for event in events("text/json", body) {
        let refused = read::<MergePatch<NoteChange>>(&(), &event);
        assert!(matches!(refused, Err(Error::UnsupportedMediaType("application/merge-patch+json"))));
    }
}

/// Returns the expected issues of a patch. The name can't be removed.
fn issues(patch: &Value) -> Vec<PathAndCode> {
    broken(patch, |field, value| value.is_none() || field != "name" && value == Some(&Value::Null))
}

/// Returns the fields after the change, as a store applies it.
fn changed(current: &Map<String, Value>, change: &NoteChange) -> Map<String, Value> {
    let text = |field: &str| current.get(field).and_then(Value::as_str).map(str::to_owned);
    let name = change.name.clone().or_else(|| text("name"));
    let description = change.description.apply(text("description").as_ref());
    let color = change.color.apply(text("color").as_ref());
    let fields = FIELDS.into_iter().zip([name, description, color]);
    fields.filter_map(|(field, value)| Some((field.to_owned(), value?.into()))).collect()
}

/// Applies a patch by RFC 7396, section 2. Fields of a note are texts, and unknown fields are dropped.
fn merged(current: &Map<String, Value>, patch: &Value) -> Map<String, Value> {
    let mut merged = current.clone();
    for field in FIELDS {
        match (field, patch.get(field)) {
            (_, None) => None,
            (_, Some(Value::Null)) => merged.remove(field),
            ("name", Some(name)) => merged.insert(field.to_owned(), name.as_str().map(trimmed).into()),
            (_, Some(value)) => merged.insert(field.to_owned(), value.clone()),
        };
    }
    merged
}
