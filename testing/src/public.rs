//! Routes for everybody, by what the functions say of themselves in docs/openapi.json.

use super::workspace::workspace;
use anyhow::{Context, Result};
use serde_json::Value;

/// Returns `true` if the route of a function takes no token.
///
/// # Errors
/// When docs/openapi.json can't be read.
pub fn is_public(function: &str) -> Result<bool> {
    let text =
        std::fs::read(workspace().join("docs/openapi.json")).context("can't read docs/openapi.json")?;
    let document: Value = serde_json::from_slice(&text).context("docs/openapi.json is not JSON")?;
    let paths = document["paths"].as_object().into_iter().flatten().filter_map(|(_, path)| path.as_object());
    let mut operations = paths.flatten().map(|(_, operation)| operation);
    let own = operations.find(|operation| operation["operationId"] == function);
    Ok(own.is_some_and(|operation| operation["security"].as_array().is_some_and(Vec::is_empty)))
}
