//! Description of the API that the running functions give: `/openapi.json`.

use std::fs;

use anyhow::{Context, Result, ensure};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::{Failure, Page, guard};
use crate::cargo::Executables;
use crate::description::{self, Description};
use crate::template::Template;

impl Page {
    /// Returns the description, with this stack as its only server. Functions that don't describe themselves, such as those
    /// of a release build, are described by the template's docs/openapi.json.
    pub(super) async fn reference(&self, headers: &HeaderMap) -> Result<Value, Failure> {
        let (template, executables) = (self.template.clone(), self.executables.clone());
        // It runs the functions, which blocks.
        let described = tokio::task::spawn_blocking(move || live(&template, &executables));
        let described = described.await.context("the description panicked").flatten();
        let document = described.or_else(|error| written(&self.template).ok_or(error));
        let failed = |error| (StatusCode::NOT_FOUND, format!("There is no description: {error:#}"));
        let mut document = document.map_err(failed)?;
        let host = guard::host(headers).unwrap_or_default();
        document["servers"] = json!([{ "url": format!("http://{host}"), "description": "This local stack" }]);
        Ok(document)
    }
}

fn live(template: &Template, executables: &Executables) -> Result<Value> {
    let binaries = template.routed().map(|function| &function.binary);
    let described = binaries.filter_map(|binary| Some(Description::of(binary, executables.get(binary)?)));
    let described = described.collect::<Result<Vec<_>>>()?;
    ensure!(!described.is_empty(), "the template has no routes");
    description::document(&described, template, &written(template).unwrap_or_default())
}

/// Reads the description beside the template.
fn written(template: &Template) -> Option<Value> {
    let text = fs::read(template.folder.join("docs/openapi.json")).ok()?;
    serde_json::from_slice(&text).ok()
}
