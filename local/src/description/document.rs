//! The `OpenAPI` document of all functions: their operations with ids, tags and examples, and their shared parts.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::examples::Samples;
use super::function::Description;
use crate::template::Template;

/// Merges all operations into one document, with the examples beside the template. `info`, `servers` and the descriptions of
/// tags are written by hand and come from `before`.
///
/// # Errors
/// When two functions give one name to different schemas, or an example can't be read.
pub fn document(descriptions: &[Description], template: &Template, before: &Value) -> Result<Value> {
    let mut document = json!({});
    for description in descriptions {
        merge(&mut document, description.document.clone(), "")
            .with_context(|| format!("in the description of {}", description.function))?;
    }
    let collections = collections(descriptions);
    let mut tags = Vec::new();
    for description in descriptions {
        let tag = tag(&description.path, &collections);
        let operation = &mut document["paths"][&description.path][description.method.to_lowercase()];
        operation["operationId"] = operation_id(&description.function).into();
        operation["tags"] = json!([tag]);
        if !tags.contains(&tag) {
            tags.push(tag);
        }
        if let Some(samples) = Samples::of(&description.function, template)? {
            samples.add_to(&mut document, &description.path, &description.method.to_lowercase());
        }
    }
    share_parameters(&mut document);
    document["tags"] = tags.into_iter().map(|name| described_tag(&name, before)).collect();
    for written in ["info", "servers"] {
        if let Some(value) = before.get(written) {
            document[written] = value.clone();
        }
    }
    Ok(document)
}

/// Returns the id of a function's operation: `createProject` of `create-project`.
#[must_use]
pub fn operation_id(function: &str) -> String {
    let mut words = function.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |id, word| id + &capitalized(word))
}

fn merge(into: &mut Value, from: Value, pointer: &str) -> Result<()> {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                let pointer = format!("{pointer}/{name}");
                match into.get_mut(&name) {
                    Some(present) => merge(present, value, &pointer)?,
                    None => drop(into.insert(name, value)),
                }
            }
        }
        (into, from) if *into == from => {}
        _ => bail!("{pointer} differs from the description of another function"),
    }
    Ok(())
}

/// Returns the segments of all paths that an id follows, except that of the organization.
fn collections(descriptions: &[Description]) -> BTreeSet<&str> {
    let paths = descriptions.iter().map(|one| one.path.split('/').collect::<Vec<_>>());
    let pairs = paths.flat_map(|path| path.windows(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>());
    pairs.filter(|(_, id)| id.starts_with('{') && *id != "{orgId}").map(|(name, _)| name).collect()
}

/// Returns the last collection in a path, or else its last segment that is no parameter.
fn tag(path: &str, collections: &BTreeSet<&str>) -> String {
    let mut names = path.split('/').filter(|segment| !segment.starts_with('{'));
    let collection = names.clone().rfind(|name| collections.contains(name));
    capitalized(collection.or(names.next_back()).unwrap_or_default())
}

fn described_tag(name: &str, before: &Value) -> Value {
    let mut written = before["tags"].as_array().into_iter().flatten();
    let same = written.find(|tag| tag["name"] == name).cloned();
    same.unwrap_or_else(
        || json!({"description": format!("Routes of {}.", name.to_lowercase()), "name": name}),
    )
}

/// Moves parameters to the components, by name. One that differs from another of its name stays in its operation.
fn share_parameters(document: &mut Value) {
    let mut shared: BTreeMap<String, Value> = BTreeMap::new();
    let items = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    let objects = items.filter_map(Value::as_object_mut).flat_map(|item| item.iter_mut());
    for (name, value) in objects {
        let list = if name == "parameters" { Some(value) } else { value.get_mut("parameters") };
        for parameter in list.and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(name) = parameter["name"].as_str().map(str::to_owned) else { continue };
            if *shared.entry(name.clone()).or_insert_with(|| parameter.clone()) == *parameter {
                *parameter = json!({"$ref": format!("#/components/parameters/{name}")});
            }
        }
    }
    document["components"]["parameters"] = json!(shared);
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}
