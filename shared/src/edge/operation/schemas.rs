//! Schemas of a description: optional members, and types whose inputs differ from their outputs.

use serde_json::{Map, Value};

use crate::domain::validation::NULL_REMOVES;

/// Removes `null` from optional members, because the schema of an `Option` allows both. Required members keep their `null`,
/// and so do those that it removes.
pub(super) fn strip_optional_nulls(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let required = object.get("required").cloned().unwrap_or_default();
            if let Some(Value::Object(properties)) = object.get_mut("properties") {
                let is_required =
                    |name: &str| required.as_array().is_some_and(|all| all.iter().any(|it| it == name));
                properties
                    .iter_mut()
                    .filter(|(name, _)| !is_required(name))
                    .for_each(|(_, schema)| strip_null(schema));
            }
            object.values_mut().for_each(strip_optional_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_optional_nulls),
        _ => {}
    }
}

/// Removes `null` from the schema of an `Option`.
pub(super) fn strip_null(schema: &mut Value) {
    if schema.as_object_mut().is_some_and(|schema| schema.remove(NULL_REMOVES).is_some()) {
        return;
    }
    let is_null = |value: &Value| value.is_null() || value == "null" || value["type"] == "null";
    for name in ["type", "enum", "anyOf"] {
        if let Some(Value::Array(several)) = schema.get_mut(name) {
            several.retain(|value| !is_null(value));
        }
    }
    if let Some([only]) = schema["type"].as_array().map(Vec::as_slice) {
        schema["type"] = only.clone();
    }
    if let Some([Value::Object(only)]) = schema["anyOf"].as_array().map(Vec::as_slice) {
        let only = only.clone();
        if let Some(schema) = schema.as_object_mut() {
            schema.remove("anyOf");
            schema.extend(only);
        }
    }
}

/// Adds the schemas of requests to those of responses. A type whose two schemas differ gets the suffix `Input` in requests.
pub(super) fn merge_inputs(
    schemas: &mut Map<String, Value>,
    inputs: Map<String, Value>,
    operation: &mut Value,
) {
    let clashing: Vec<_> =
        inputs.iter().filter(|(name, input)| schemas.get(*name).is_some_and(|own| own != *input)).collect();
    let renamed: Vec<_> = clashing.into_iter().map(|(name, _)| name.clone()).collect();
    let rename = |value: &mut Value| renamed.iter().for_each(|name| rename_references(value, name));
    for key in ["parameters", "requestBody"] {
        operation.get_mut(key).into_iter().for_each(rename);
    }
    for (name, mut input) in inputs {
        rename(&mut input);
        let name = if renamed.contains(&name) { format!("{name}Input") } else { name };
        schemas.insert(name, input);
    }
}

/// Points references to a schema to that of the input.
fn rename_references(value: &mut Value, name: &str) {
    match value {
        Value::String(text) if *text == format!("#/components/schemas/{name}") => text.push_str("Input"),
        Value::Array(items) => items.iter_mut().for_each(|item| rename_references(item, name)),
        Value::Object(members) => members.values_mut().for_each(|member| rename_references(member, name)),
        _ => {}
    }
}
