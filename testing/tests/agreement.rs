//! What says the same in several places says it alike: routes and settings in `template.yaml`, the functions, the docs and
//! the workspace's manifest.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use local::template::Template;
use serde_json::Value;
use testing::{App, Calls, Fault, PNG, workspace};

/// A route as `binary METHOD path`.
type Routes = BTreeSet<String>;

fn read(path: &str) -> Result<String> {
    fs::read_to_string(workspace().join(path)).with_context(|| format!("can't read {path}"))
}

fn declared() -> Result<Routes> {
    let template = Template::load(&workspace().join("template.yaml"))?;
    let functions = template.functions.iter();
    let routes = functions.flat_map(|function| {
        function
            .routes
            .iter()
            .map(move |route| format!("{} {} {}", function.binary, route.method, route.path))
    });
    Ok(routes.collect())
}

/// The objects of a JSON object, by key.
fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// What `place` lists are the routes of the template.
fn same(listed: &Routes, place: &str) -> Result<()> {
    let declared = declared()?;
    let missing: Vec<_> = declared.difference(listed).collect();
    let unknown: Vec<_> = listed.difference(&declared).collect();
    assert!(missing.is_empty(), "{place} lacks what template.yaml declares: {missing:?}");
    assert!(unknown.is_empty(), "{place} lists what template.yaml does not declare: {unknown:?}");
    Ok(())
}

#[test]
fn the_functions_run_the_routes_that_the_template_declares() -> Result<()> {
    for route in declared()? {
        let [binary, method, path] = route.split(' ').collect::<Vec<_>>()[..] else { continue };
        let source = read(&format!("functions/{binary}/src/main.rs"))?;
        let builder = format!("Route::{}(\"{path}\")", method.to_lowercase());
        assert!(source.contains(&builder), "{binary} does not run {builder}");
        assert!(
            source.starts_with(&format!("//! `{method} {path}`: ")),
            "{binary} does not open with its route"
        );
    }
    Ok(())
}

#[test]
fn the_docs_describe_the_routes_that_the_template_declares() -> Result<()> {
    let document: Value = serde_json::from_str(&read("docs/openapi.json")?)?;
    let described = entries(&document["paths"]).flat_map(|(path, operations)| {
        let operations = entries(operations).filter(|(_, operation)| operation.get("operationId").is_some());
        operations.map(move |(method, operation)| {
            format!(
                "{} {} {path}",
                operation["operationId"].as_str().unwrap_or_default(),
                method.to_uppercase()
            )
        })
    });
    same(&described.collect(), "docs/openapi.json, which shared/src/openapi.rs makes,")?;
    let api = read("docs/API.md")?;
    for route in declared()? {
        let (_, line) = route.split_once(' ').unwrap_or_default();
        assert!(api.contains(&format!("| `{line}")), "docs/API.md does not list {line}");
    }
    Ok(())
}

#[test]
fn cargo_lambda_watch_serves_the_routes_that_the_template_declares() -> Result<()> {
    let mut cargo = Command::new(env!("CARGO"));
    let arguments = ["metadata", "--no-deps", "--format-version", "1"];
    let output = cargo.args(arguments).current_dir(workspace()).output()?;
    ensure!(output.status.success(), "cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let watched = entries(&metadata["metadata"]["lambda"]["watch"]["router"]).flat_map(|(path, targets)| {
        targets.as_array().into_iter().flatten().map(move |target| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            format!("{} {} {path}", text(&target["function"]), text(&target["method"]))
        })
    });
    same(&watched.collect(), "Cargo.toml, in workspace.metadata.lambda.watch.router,")?;
    Ok(())
}

#[test]
fn the_architecture_says_why_each_dependency_is_there() -> Result<()> {
    let (manifest, architecture) = (read("Cargo.toml")?, read("docs/ARCHITECTURE.md")?);
    let section = manifest.lines().skip_while(|line| *line != "[workspace.dependencies]").skip(1);
    let lines = section.take_while(|line| !line.starts_with('[')).filter(|line| !line.contains("path = "));
    let names: Vec<_> = lines.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name).collect();
    let unexplained: Vec<_> =
        names.iter().filter(|name| !architecture.contains(&format!("`{name}`"))).collect();
    assert!(
        !names.is_empty() && unexplained.is_empty(),
        "docs/ARCHITECTURE.md says nothing of {unexplained:?}"
    );
    Ok(())
}

/// The variables that a file of the settings reads: whatever stands there in capitals between quotes. Those of AWS come from
/// Lambda, or are the SDK's.
fn read_by(file: &str) -> Result<BTreeSet<String>> {
    let source = read(&format!("shared/src/{file}"))?;
    let capitals =
        |text: &&str| text.contains('_') && text.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'_'));
    let names =
        source.split('"').skip(1).step_by(2).filter(capitals).filter(|name| !name.starts_with("AWS_"));
    Ok(names.map(str::to_owned).collect())
}

#[test]
fn the_template_sets_what_each_function_reads_and_nothing_else_and_the_readme_explains_it() -> Result<()> {
    let template = Template::load(&workspace().join("template.yaml"))?;
    let files = ["config.rs", "config/auth.rs", "config/auth/keys.rs", "config/lambda.rs"].map(read_by);
    let common: BTreeSet<_> = files.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
    let readme = read("README.md")?;
    for function in &template.functions {
        let mut names = common.clone();
        // The only ones of the SDK's own: `sam local` gives a function no variable that its template lacks.
        names.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned());
        if read(&format!("functions/{}/Cargo.toml", function.binary))?.contains("\"uploads\"") {
            names.extend(read_by("config/uploads.rs")?);
            names.insert("AWS_ENDPOINT_URL_S3".to_owned());
        }
        assert!(names.contains("AUTH_ISSUER"), "{names:?}");
        assert_eq!(
            function.environment.keys().cloned().collect::<BTreeSet<_>>(),
            names,
            "{}",
            function.binary
        );
        for name in names {
            assert!(readme.contains(&format!("`{name}`")), "README.md does not explain {name}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_bucket_sweeps_what_the_function_marks() -> Result<()> {
    let app = App::start(&[]).await?;
    let project = app.new_project("acme", "Apollo").await?;
    // An upload that gets no further than its object.
    let _outage = app.tap.fail(Calls::of("TransactWriteItems"), Fault::Broken);
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
