//! Properties of routes, from docs/openapi.json.

use anyhow::{Context, Result};
use serde_json::Value;

use super::workspace::workspace;

/// Returns `true` if the route of a function takes no token.
///
/// # Errors
/// docs/openapi.json can't be read.
pub fn is_public(function: &str) -> Result<bool> {
    Ok(operation(function)?["security"].as_array().is_some_and(Vec::is_empty))
}

/// Returns `true` if the route of a function takes an `Idempotency-Key`.
///
/// # Errors
/// As [`is_public`].
pub fn takes_key(function: &str) -> Result<bool> {
    let operation = operation(function)?;
    let parameters = operation["parameters"].as_array();
    Ok(parameters.is_some_and(|all| all.iter().any(|one| one["name"] == "Idempotency-Key")))
}

fn operation(function: &str) -> Result<Value> {
    let text =
        std::fs::read(workspace().join("docs/openapi.json")).context("can't read docs/openapi.json")?;
    let document: Value = serde_json::from_slice(&text).context("docs/openapi.json is not JSON")?;
    let paths = document["paths"].as_object().into_iter().flatten().filter_map(|(_, path)| path.as_object());
    let own = paths.flatten().find(|(_, operation)| operation["operationId"] == function);
    Ok(own.map(|(_, operation)| operation.clone()).unwrap_or_default())
}
