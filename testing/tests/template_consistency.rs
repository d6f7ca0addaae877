//! What says the same in several places says it alike: routes and settings in `template.yaml`, the functions, the docs and
//! the workspace's manifest.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, ensure};
use local::description::{self, Description};
use local::template::Template;
use serde_json::Value;
use testing::{App, CallMatcher, Fault, PNG, binaries, workspace};

fn read(path: &str) -> Result<String> {
    fs::read_to_string(workspace().join(path)).with_context(|| format!("can't read {path}"))
}

/// What the functions of the template say of themselves.
fn descriptions(template: &Template) -> Result<Vec<Description>> {
    let folder = binaries()?;
    let functions = template.functions.iter().filter(|function| !function.routes.is_empty());
    functions.map(|function| Description::of(&function.binary, &folder.join(&function.binary))).collect()
}

fn template() -> Result<Template> {
    Template::load(&workspace().join("template.yaml"))
}

#[test]
fn a_route_is_one_short_block_of_the_template() -> Result<()> {
    let text = read("template.yaml")?;
    for function in template()?.functions {
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
fn the_template_declares_the_routes_that_functions_run() -> Result<()> {
    let template = template()?;
    description::check_routes(&descriptions(&template)?, &template.functions)
}

#[test]
fn lists_of_routes_are_what_the_functions_describe() -> Result<()> {
    let descriptions = descriptions(&template()?)?;
    let document: Value = serde_json::from_str(&read("docs/openapi.json")?)?;
    let (api, manifest) = (read("docs/API.md")?, read("Cargo.toml")?);
    let current = document == description::document(&descriptions, &document)?
        && api == description::with_table(&api, &description::table(&descriptions))?
        && manifest == description::with_router(&manifest, &descriptions)?;
    ensure!(
        current,
        "docs/openapi.json, docs/API.md or Cargo.toml is out of date: cargo run -p local -- describe"
    );
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
fn the_toolchain_is_the_oldest_that_is_supported() -> Result<()> {
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
fn the_template_sets_what_functions_read() -> Result<()> {
    let (template, configuration) = (template()?, read("docs/CONFIGURATION.md")?);
    // Of the SDK's own, `sam local` gives a function none that its template lacks.
    let mut names = BTreeSet::from(["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3"].map(str::to_owned));
    names.extend(descriptions(&template)?.into_iter().flat_map(|description| description.variables));
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
async fn the_bucket_sweeps_what_the_function_marks() -> Result<()> {
    let app = App::start(&[]).await?;
    let project = app.new_item("acme", "Apollo").await?;
    // An upload that gets no further than its object.
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
    // A repeated request takes the object up for 24 hours.
    let days = value("ExpirationInDays").join(" ");
    assert!(days.parse::<u32>()? > 1, "{days}");
    for doc in ["docs/ARCHITECTURE.md", "docs/RELIABILITY.md"] {
        assert!(read(doc)?.contains(&format!("after {days} days")), "{doc} says nothing of {days} days");
    }
    // Of an object in a bucket with versions a deletion leaves the last one.
    assert!(
        template.contains("NoncurrentVersionExpiration:"),
        "no rule deletes what an expired object leaves"
    );
    Ok(())
}

#[test]
fn the_promises_of_reliability_are_held_by_tests_that_are_there() -> Result<()> {
    let (text, mut source, mut named) = (read("docs/RELIABILITY.md")?, String::new(), 0);
    // What stands between two backticks; the doc has no blocks of code.
    for quoted in text.split('`').skip(1).step_by(2) {
        let letters = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        if let Some(file) = quoted.strip_suffix(".rs") {
            source = read(&format!("{file}.rs"))?;
        } else if quoted.matches('_').count() > 3 && quoted.chars().all(letters) {
            assert!(source.contains(&format!("fn {quoted}(")), "no test is called {quoted}");
            named += 1;
        }
    }
    ensure!(named > 50, "only {named} tests are named");
    assert!(!text.contains("@@"), "a figure is missing");
    Ok(())
}
