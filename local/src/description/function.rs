//! Description of one function.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

/// Description of one function.
#[derive(Debug, Clone, Deserialize)]
pub struct Description {
    /// Name of the function's binary.
    #[serde(skip)]
    pub function: String,
    /// Method in upper case.
    pub method: String,
    /// Path with its parameters in braces.
    pub path: String,
    /// Variables that the function reads, except the SDK's own.
    pub variables: BTreeSet<String>,
    /// `OpenAPI` document with this one operation.
    pub(super) document: Value,
}

impl Description {
    /// Reads the description that an executable prints.
    ///
    /// # Errors
    /// When it can't be run, or prints no description, like a release build.
    pub fn of(function: &str, executable: &Path) -> Result<Self> {
        let output = Command::new(executable).arg("--describe").output();
        let output = output.with_context(|| format!("can't run {}", executable.display()))?;
        let described: serde_json::Result<Self> = serde_json::from_slice(&output.stdout);
        let described = described.with_context(|| format!("{function} doesn't describe itself"))?;
        Ok(Self { function: function.to_owned(), ..described })
    }

    /// Returns the operation object.
    #[must_use]
    pub fn operation(&self) -> &Value {
        &self.document["paths"][&self.path][self.method.to_lowercase()]
    }

    /// Returns `true` if the route takes no token.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.operation()["security"].as_array().is_some_and(Vec::is_empty)
    }

    /// Returns the successful response: its status, the schema of its data, and its headers.
    pub(super) fn success(&self) -> Option<(&String, &Value, impl Iterator<Item = &String>)> {
        let responses = self.operation()["responses"].as_object()?;
        let (status, response) = responses.iter().find(|(status, _)| status.starts_with(['2', '3']))?;
        let data = &response["content"]["application/json"]["schema"]["properties"]["data"];
        Some((status, data, response["headers"].as_object()?.keys()))
    }

    /// Returns the names of the parameters of this kind.
    pub(super) fn parameters<'d>(&'d self, kind: &'d str) -> impl Iterator<Item = &'d str> {
        let parameters = self.operation()["parameters"].as_array().into_iter().flatten();
        parameters.filter(move |one| one["in"] == kind).filter_map(|one| one["name"].as_str())
    }
}
