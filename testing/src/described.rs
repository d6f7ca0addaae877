//! Properties of routes, from docs/openapi.json.

use anyhow::{Context, Result};
use local::description::{operation_id, resolved};
use serde_json::Value;

use super::workspace::workspace;

/// Returns `true` if the route of a function takes no token.
///
/// # Errors
/// docs/openapi.json can't be read.
pub fn is_public(function: &str) -> Result<bool> {
    Ok(operation(&document()?, function)["security"].as_array().is_some_and(Vec::is_empty))
}

/// Returns `true` if the route of a function takes an `Idempotency-Key`.
///
/// # Errors
/// As [`is_public`].
pub fn takes_key(function: &str) -> Result<bool> {
    let document = document()?;
    let parameters = operation(&document, function)["parameters"].as_array();
    let mut names = parameters.into_iter().flatten().map(|one| &resolved(&document, one)["name"]);
    Ok(names.any(|name| name == "Idempotency-Key"))
}

fn document() -> Result<Value> {
    let text =
        std::fs::read(workspace().join("docs/openapi.json")).context("can't read docs/openapi.json")?;
    serde_json::from_slice(&text).context("docs/openapi.json is not JSON")
}

fn operation<'d>(document: &'d Value, function: &str) -> &'d Value {
    let id = operation_id(function);
    let paths = document["paths"].as_object().into_iter().flatten().filter_map(|(_, path)| path.as_object());
    let own = paths.flatten().find(|(_, operation)| operation["operationId"] == *id);
    own.map_or(&Value::Null, |(_, operation)| operation)
}
