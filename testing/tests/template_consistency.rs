//! Routes and settings are the same in `template.yaml`, the functions, the docs and the workspace's manifest.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use local::client::Client;
use local::description::{self, Description};
use local::stack::{Options, Stack};
use local::template::Template;
use serde_json::Value;
use testing::{App, CallMatcher, Fault, PNG, binaries, options, workspace};

fn read(path: &str) -> Result<String> {
    fs::read_to_string(workspace().join(path)).with_context(|| format!("can't read {path}"))
}

/// Returns the descriptions that the template's functions print.
fn descriptions(template: &Template) -> Result<Vec<Description>> {
    let folder = binaries()?;
    let functions = template.routed();
    functions.map(|function| Description::of(&function.binary, &folder.join(&function.binary))).collect()
}

fn template() -> Result<Template> {
    Template::load(&workspace().join("template.yaml"))
}

#[test]
fn each_route_is_one_short_template_block() -> Result<()> {
    let text = read("template.yaml")?;
    for function in template()?.routed() {
        let own = format!("\n  {}:\n", function.id);
        let (before, block) = text.split_once(&own).with_context(|| format!("no block {}", function.id))?;
        let (block, after) = block.split_once("\n\n").unwrap_or((block, ""));
        assert!(block.lines().count() < 20, "the block of {} has more than 20 lines", function.id);
        let mut others =
            [before, after].into_iter().flat_map(|text| text.split(|it: char| !it.is_alphanumeric()));
        assert!(others.all(|word| word != function.id), "{} stands elsewhere, too", function.id);
    }
    Ok(())
}

#[test]
fn template_declares_the_functions_routes() -> Result<()> {
    let template = template()?;
    description::check_routes(&descriptions(&template)?, &template.functions)
}

#[test]
fn documented_routes_are_up_to_date() -> Result<()> {
    let template = template()?;
    let descriptions = descriptions(&template)?;
    let document: Value = serde_json::from_str(&read("docs/openapi.json")?)?;
    let (api, manifest) = (read("docs/API.md")?, read("Cargo.toml")?);
    let current = document == description::document(&descriptions, &template, &document)?
        && api == description::with_table(&api, &description::table(&descriptions))?
        && manifest == description::with_router(&manifest, &descriptions)?;
    ensure!(
        current,
        "docs/openapi.json, docs/API.md or Cargo.toml is out of date: cargo run -p local -- describe"
    );
    Ok(())
}

/// `scripts/check-openapi` compares the examples with their schemas.
#[test]
fn each_operation_and_error_has_an_example() -> Result<()> {
    let document: Value = serde_json::from_str(&read("docs/openapi.json")?)?;
    let operations =
        document["paths"].as_object().into_iter().flatten().filter_map(|(_, item)| item.as_object());
    let operations = operations.flatten().filter(|(method, _)| *method != "parameters");
    let requests = operations.clone().map(|(_, operation)| &operation["requestBody"]);
    let responses = operations.filter_map(|(_, operation)| operation["responses"].as_object()).flatten();
    let components = document["components"]["responses"].as_object();
    let bodies =
        requests.chain(responses.chain(components.into_iter().flatten()).map(|(_, response)| response));
    let contents = bodies.filter_map(|body| body["content"].as_object()).flatten().collect::<Vec<_>>();
    let shown =
        |content: &Value| content.get("example").or(content.get("examples")).is_some_and(|it| !it.is_null());
    let without: Vec<_> = contents.iter().filter(|(_, content)| !shown(content)).collect();
    assert!(without.is_empty(), "no example of {without:?}");
    ensure!(!contents.is_empty(), "no body was read");
    Ok(())
}

/// The template and its examples stand alone here, so the page can't read `docs/openapi.json`.
#[tokio::test]
async fn page_serves_the_functions_own_description() -> Result<()> {
    let (folder, root) = (tempfile::tempdir()?, workspace());
    fs::copy(root.join("template.yaml"), folder.path().join("template.yaml"))?;
    for function in &template()?.functions {
        let example = Path::new("functions").join(&function.binary).join("example.json");
        fs::create_dir_all(folder.path().join(&example).parent().context("it has no folder")?)?;
        // A function that a stream feeds has none.
        drop(fs::copy(root.join(&example), folder.path().join(&example)));
    }
    let stack =
        Stack::start(Options { page: true, template: folder.path().join("template.yaml"), ..options(&[])? });
    let stack = stack.await?;
    let served = Client::new(stack.url()).get("/openapi.json").send().await?.json();
    let document: Value = serde_json::from_str(&read("docs/openapi.json")?)?;
    assert_eq!((&served["paths"], &served["components"]), (&document["paths"], &document["components"]));
    assert_eq!(served["servers"][0]["url"], stack.url());
    Ok(())
}

#[test]
fn each_dependency_has_a_reason() -> Result<()> {
    let manifest = read("Cargo.toml")?;
    let (_, section) = manifest.split_once("[workspace.dependencies]\n").context("no dependencies")?;
    let section = section.split("\n[").next().unwrap_or_default();
    let mut explained = 0;
    // A group begins with its reason and ends at an empty line.
    for group in section.split("\n\n") {
        let lines = group.lines().filter(|line| !line.starts_with('#') && !line.contains("path = "));
        let names: Vec<_> = lines.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name).collect();
        assert!(names.is_empty() || group.starts_with("# "), "Cargo.toml has no comment above {names:?}");
        assert!(names.len() <= 5, "one comment in Cargo.toml can't explain all of {names:?}");
        explained += names.len();
    }
    ensure!(explained > 30, "only {explained} dependencies were read");
    Ok(())
}

#[test]
fn pinned_toolchain_is_the_oldest_supported() -> Result<()> {
    let (manifest, pinned) = (read("Cargo.toml")?, read("rust-toolchain.toml")?);
    let value = |text: &str, key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
        line.map(|value| value.trim_matches('"').to_owned()).with_context(|| format!("there is no {key}"))
    };
    let (oldest, channel) = (value(&manifest, "rust-version")?, value(&pinned, "channel")?);
    assert!(channel.starts_with(&format!("{oldest}.")), "{channel} is not a release of {oldest}");
    Ok(())
}

#[test]
fn template_sets_the_variables_functions_read() -> Result<()> {
    let (template, configuration) = (template()?, read("docs/CONFIGURATION.md")?);
    // The SDK's own variables, which `sam local` only sets if the template declares them.
    let mut names = BTreeSet::from(["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3"].map(str::to_owned));
    names.extend(descriptions(&template)?.into_iter().flat_map(|description| description.variables));
    // Lambda sets a level of its own, which takes precedence.
    names.remove("LOG_LEVEL");
    for function in &template.functions {
        assert_eq!(function.environment.keys().cloned().collect::<BTreeSet<_>>(), names, "{}", function.id);
    }
    for name in names {
        assert!(
            configuration.contains(&format!("`{name}`")),
            "docs/CONFIGURATION.md does not explain {name}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn lifecycle_rule_expires_pending_objects() -> Result<()> {
    let app = App::start(&[]).await?;
    let project = app.new_item("acme", "Apollo").await?;
    // An upload that leaves a pending object.
    let _outage = app.proxy.fail(CallMatcher::of("TransactWriteItems"), Fault::Broken);
    assert_eq!(app.upload(&project, "a.png", "image/png", PNG).await?.status, 503);
    let keys = app.objects().await?;
    let tags = app.tags(keys.first().context("there is no object")?).await?;
    let template = read("template.yaml")?;
    let rule = template.split("          - Id: ").find(|rule| rule.contains("TagFilters:"));
    let rule = rule.context("template.yaml has no rule for tagged objects")?;
    let value = |name: &str| {
        let lines = rule.lines().filter_map(|line| line.trim_start_matches([' ', '-']).split_once(": "));
        lines.filter(|(found, _)| *found == name).map(|(_, value)| value).collect::<Vec<_>>()
    };
    assert_eq!(tags, [format!("{}={}", value("Key").join(" "), value("Value").join(" "))]);
    assert!(keys[0].starts_with(&value("Prefix").join(" ")), "{keys:?} are not under {:?}", value("Prefix"));
    // A repeated request may use the object for 24 hours.
    let days = value("ExpirationInDays").join(" ");
    assert!(days.parse::<u32>()? > 1, "{days}");
    for doc in ["docs/ARCHITECTURE.md", "docs/RELIABILITY.md"] {
        assert!(read(doc)?.contains(&format!("after {days} days")), "{doc} does not say after {days} days");
    }
    // In a bucket with versions, a deleted object leaves its last version.
    assert!(
        template.contains("NoncurrentVersionExpiration:"),
        "no rule deletes the versions of an expired object"
    );
    Ok(())
}

#[test]
fn guarantees_of_reliability_name_existing_tests() -> Result<()> {
    let (text, mut named) = (read("docs/RELIABILITY.md")?, 0);
    // The last cell of a row names files, each followed by names of its tests.
    for cell in text.lines().filter_map(|line| line.strip_suffix(" |")?.rsplit(" | ").next()) {
        let mut source = None;
        for quoted in cell.split('`').skip(1).step_by(2) {
            if let Some(file) = quoted.strip_suffix(".rs") {
                source = Some(read(&format!("{file}.rs"))?);
            } else if let Some(source) = &source {
                assert!(source.contains(&format!("fn {quoted}(")), "no test is called {quoted}");
                named += 1;
            }
        }
    }
    ensure!(named > 50, "only {named} tests are named");
    assert!(!text.contains("@@"), "a figure is missing");
    Ok(())
}
