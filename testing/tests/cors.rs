//! CORS settings of `template.yaml` and the documents.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use local::template::{Cors, Template};
use serde_json::Value;
use testing::workspace;

fn declared() -> Result<(Template, Cors)> {
    let template = Template::load(&workspace().join("template.yaml"))?;
    let cors = template.cors.clone().context("template.yaml has no CorsConfiguration")?;
    Ok((template, cors))
}

/// Names of all headers in the API's description: of requests, and of responses.
fn described(document: &Value) -> [BTreeSet<String>; 2] {
    let components = &document["components"];
    let parameters = components["parameters"].as_object().into_iter().flatten().map(|(_, one)| one);
    let sent = parameters.filter(|parameter| parameter["in"] == "header");
    let sent = sent.filter_map(|parameter| parameter["name"].as_str()).map(str::to_lowercase);
    let received = components["headers"].as_object().into_iter().flatten();
    [sent.collect(), received.map(|(name, _)| name.to_lowercase()).collect()]
}

#[test]
fn cors_covers_the_described_methods_and_headers() -> Result<()> {
    let (template, cors) = declared()?;
    let routes = template.functions.iter().flat_map(|function| &function.routes);
    let methods: BTreeSet<_> = routes.map(|route| route.method.clone()).collect();
    assert_eq!(methods, cors.allow_methods.iter().cloned().collect(), "AllowMethods");

    let document = std::fs::read_to_string(workspace().join("docs/openapi.json"))?;
    let [sent, received] = described(&serde_json::from_str(&document)?);
    assert!(!received.is_empty(), "docs/openapi.json describes no headers");
    let forbidden: Vec<_> = sent.iter().filter(|name| !cors.allow_headers.contains(name)).collect();
    assert!(forbidden.is_empty(), "AllowHeaders lacks {forbidden:?}");
    let hidden: Vec<_> = received.iter().filter(|name| !cors.expose_headers.contains(name)).collect();
    assert!(hidden.is_empty(), "ExposeHeaders lacks {hidden:?}");

    let api = std::fs::read_to_string(workspace().join("docs/API.md"))?;
    let section = api.split("\n## ").find(|section| section.starts_with("CORS\n"));
    let section = section.context("docs/API.md has no section on CORS")?.to_lowercase();
    let listed = cors.allow_headers.iter().chain(&cors.expose_headers);
    let missing: Vec<_> = listed.filter(|name| !section.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/API.md does not list {missing:?}");
    Ok(())
}
