//! CORS of the service: pages that call it, and the template beside the docs.

use anyhow::{Context, Result};
use local::stack::Options;
use local::template::{Cors, Template};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use testing::{Answer, App, Draft, FORM, PNG, files, form, projects, workspace};

const PAGE: &str = "http://localhost:5173";
const APP: &str = "https://app.example.com";

/// A write of Alice's browser from a page of this origin, with her cookie.
fn write_from(app: &App, origin: &str, name: &str) -> Draft {
    let draft = app.client.post(&projects("acme")).cookie(&app.token("alice", &["acme"]));
    draft.header("origin", origin).header("sec-fetch-site", "same-site").json(&json!({ "name": name }))
}

fn readable_by(answer: &Answer) -> &str {
    answer.header("access-control-allow-origin")
}

#[tokio::test]
async fn pages_can_read_errors_and_limits() -> Result<()> {
    let app = App::start(&[("RATE_LIMIT", "1/86400s")]).await?;
    let list = || app.as_alice("GET", &projects("acme")).header("origin", PAGE);
    let without_token = app.client.get(&projects("acme")).header("origin", PAGE);
    for (draft, expected) in
        [(without_token, "401 UNAUTHORIZED"), (list(), "200"), (list(), "429 RATE_LIMITED")]
    {
        let answer = draft.send().await?;
        assert_eq!((answer.verdict().as_str(), readable_by(&answer)), (expected, PAGE));
        assert!(answer.header("access-control-expose-headers").contains("ratelimit,"), "{answer:?}");
    }
    Ok(())
}

#[tokio::test]
async fn loopback_pages_may_write_with_the_cookie() -> Result<()> {
    let app = App::start(&[]).await?;
    for (origin, expected) in [
        (PAGE, "201"),
        ("http://127.0.0.1:8080", "201"),
        ("http://localhost.example:5173", "403 CROSS_SITE_REQUEST"),
        (APP, "403 CROSS_SITE_REQUEST"),
    ] {
        let answer = write_from(&app, origin, origin).send().await?;
        assert_eq!(answer.verdict(), expected, "{origin}");
        assert_eq!(readable_by(&answer), if expected == "201" { origin } else { "" });
    }
    let project = app.new_project("acme", "Apollo").await?;
    let upload = app.client.post(&files("acme", &project)).cookie(&app.token("alice", &["acme"]));
    let upload = upload.header("origin", PAGE).header("sec-fetch-site", "same-site");
    assert_eq!(upload.body(FORM, form("a.png", "image/png", PNG)).send().await?.verdict(), "201");
    Ok(())
}

#[tokio::test]
async fn named_origins_take_the_place_of_loopback() -> Result<()> {
    let origins = APP.parse()?;
    let app = App::with(&[], |options| Options { origins, ..options }).await?;
    let answer = write_from(&app, APP, "Apollo").send().await?;
    assert_eq!((answer.verdict().as_str(), readable_by(&answer)), ("201", APP));
    let answer = write_from(&app, PAGE, "Gemini").send().await?;
    assert_eq!((answer.verdict().as_str(), readable_by(&answer)), ("403 CROSS_SITE_REQUEST", ""));
    Ok(())
}

#[tokio::test]
async fn trusted_origins_can_be_fewer_than_allowed_ones() -> Result<()> {
    let app = App::start(&[("TRUSTED_ORIGINS", APP)]).await?;
    let answer = write_from(&app, PAGE, "Apollo").send().await?;
    assert_eq!((answer.verdict().as_str(), readable_by(&answer)), ("403 CROSS_SITE_REQUEST", PAGE));
    Ok(())
}

fn declared() -> Result<(Template, Cors)> {
    let template = Template::load(&workspace().join("template.yaml"))?;
    let cors = template.cors.clone().context("template.yaml has no CorsConfiguration")?;
    Ok((template, cors))
}

/// The names of all headers in the API's description: of requests, and of responses.
fn described(document: &Value) -> [BTreeSet<String>; 2] {
    let operations: Vec<_> = document["paths"]
        .as_object()
        .into_iter()
        .flat_map(|paths| paths.values())
        .filter_map(Value::as_object)
        .flat_map(|operations| operations.values())
        .collect();
    let parameters = operations.iter().filter_map(|operation| operation["parameters"].as_array()).flatten();
    let sent = parameters.filter(|parameter| parameter["in"] == "header");
    let sent = sent.filter_map(|parameter| parameter["name"].as_str()).map(str::to_lowercase);
    let answers = operations.iter().filter_map(|operation| operation["responses"].as_object());
    let headers =
        answers.flat_map(|answers| answers.values()).filter_map(|answer| answer["headers"].as_object());
    [sent.collect(), headers.flat_map(|headers| headers.keys()).map(|name| name.to_lowercase()).collect()]
}

#[test]
fn the_template_allows_pages_what_the_docs_describe() -> Result<()> {
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
    let section = api.split("\n## ").find(|section| section.starts_with("Pages on other origins"));
    let section = section.context("docs/API.md says nothing of pages on other origins")?.to_lowercase();
    let listed = cors.allow_headers.iter().chain(&cors.expose_headers);
    let missing: Vec<_> = listed.filter(|name| !section.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "docs/API.md does not list {missing:?}");
    Ok(())
}
