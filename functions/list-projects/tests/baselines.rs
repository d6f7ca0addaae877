//! The benchmark's baselines behave like this function. Ignored tests need `bench/baselines/build`; `.ci/run` runs them.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;

use anyhow::{Context, Result, ensure};
use local::stack::{Binaries, Options};
use serde_json::{Value, json};
use testing::{App, RequestBuilder, Response, projects, workspace};

/// Starts a service with `count` projects in `acme`, every other one with all its fields.
async fn service(count: usize) -> Result<App> {
    let app = App::start(&[]).await?;
    for turn in 0..count {
        let (name, description) = (format!("Project {turn}"), format!("Ünïcode \"{turn}\" \\ \u{1f680}"));
        let full = json!({ "name": name, "description": description, "color": "#112233" });
        let body = if turn % 2 == 0 { full } else { json!({ "name": name }) };
        let created = app.as_alice("POST", &projects("acme")).json(&body).send().await?;
        ensure!(created.status == 201, "{created:?}");
    }
    Ok(app)
}

/// Starts each baseline that was built, as a separate service over the same tables.
async fn baselines(app: &App, variables: &[(&str, &str)]) -> Result<Vec<(&'static str, App)>> {
    let mut baselines = Vec::new();
    for name in ["defaults", "node", "reference"] {
        let folder = workspace().join("target/baselines").join(name);
        if folder.join("list-projects").exists() {
            let binaries = Binaries::Dir(folder);
            let change = |options| Options { binaries, only: Some("list-projects".to_owned()), ..options };
            baselines.push((name, app.second_environment_with(variables, change).await?));
        } else {
            // `stderr()` is not captured, so the line is shown even if the test passes.
            writeln!(std::io::stderr(), "SKIPPED: target/baselines/{name}/list-projects does not exist")?;
        }
    }
    ensure!(!baselines.is_empty(), "no baseline is built: run bench/baselines/build");
    Ok(baselines)
}

/// Returns the parts of a response that must be equal: all but the wording of issues.
fn comparable(response: &Response) -> Value {
    match response.status {
        400 => json!([response.status_and_code(), response.field(), response.issues()]),
        _ => json!([response.status, response.json(), response.header("www-authenticate")]),
    }
}

/// Requests whose responses must be equal.
fn requests(app: &App, cursor: &str) -> Vec<(String, RequestBuilder)> {
    let get = |query: &str| app.as_alice("GET", &format!("{}{query}", projects("acme")));
    let cursor = format!("?limit=2&cursor={cursor}");
    let queries = ["", "?limit=2", &cursor, "?limit=7", "?limit=6", "?limit=100"];
    let invalid = ["?limit=0", "?limit=101", "?limit=ten", "?cursor=AAAA", "?limit=0&cursor=x"];
    let pages = [&queries[..], &invalid].concat().into_iter().map(|query| (query.to_owned(), get(query)));
    let callers = [
        ("no token", app.client.get(&projects("acme"))),
        (
            "an invalid token",
            app.client.get(&projects("acme")).bearer(&format!("{}x", app.token("a", &["acme"]))),
        ),
        ("member of another organization", app.request_of("bob", &["umbrella"], "GET", &projects("acme"))),
        ("member of none", app.request_of("bob", &[], "GET", &projects("acme"))),
        ("empty organization", app.request_of("bob", &["umbrella"], "GET", &projects("umbrella"))),
    ];
    pages.chain(callers.map(|(name, request)| (name.to_owned(), request))).collect()
}

#[tokio::test]
#[ignore = "needs what bench/baselines/build builds"]
async fn baselines_respond_like_this_function() -> Result<()> {
    let app = service(7).await?;
    let cursor =
        app.list("?limit=2").await?.json()["data"]["nextCursor"].as_str().unwrap_or_default().to_owned();
    for (baseline, other) in baselines(&app, &[]).await? {
        for ((case, ours), (_, theirs)) in requests(&app, &cursor).into_iter().zip(requests(&other, &cursor))
        {
            let (ours, theirs) = (ours.send().await?, theirs.send().await?);
            assert_eq!(comparable(&ours), comparable(&theirs), "{baseline}: {case}");
        }
    }
    Ok(())
}

/// Operations of the second request of a caller.
async fn operations(app: &App) -> Result<Vec<String>> {
    app.list("").await?;
    app.proxy.clear();
    app.list("").await?;
    let mut operations: Vec<_> = app.proxy.calls().into_iter().map(|call| call.operation).collect();
    operations.sort();
    Ok(operations)
}

#[tokio::test]
#[ignore = "needs what bench/baselines/build builds"]
async fn baselines_make_the_same_storage_calls() -> Result<()> {
    let app = service(1).await?;
    let ours = operations(&app).await?;
    for (baseline, other) in baselines(&app, &[]).await? {
        assert_eq!(operations(&other).await?, ours, "{baseline}");
    }
    Ok(())
}

#[tokio::test]
#[ignore = "needs what bench/baselines/build builds"]
async fn baselines_enforce_the_rate_limit() -> Result<()> {
    let app = service(1).await?;
    for (baseline, other) in baselines(&app, &[("RATE_LIMIT", "1/86400s")]).await? {
        let mut statuses = Vec::new();
        // Three requests, because the window of a day may end after the first.
        for _ in 0..3 {
            statuses.push(
                other
                    .request_of(baseline, &["acme"], "GET", &projects("acme"))
                    .send()
                    .await?
                    .status_and_code(),
            );
        }
        assert_eq!(statuses[0], "200", "{baseline}");
        assert!(statuses.iter().any(|status| status == "429 RATE_LIMITED"), "{baseline}: {statuses:?}");
    }
    Ok(())
}

/// Versions of a crate in a lock file.
fn versions(lock: &str, name: &str) -> BTreeSet<String> {
    let line = format!("name = \"{name}\"");
    let lines = lock.lines().zip(lock.lines().skip(1));
    lines.filter(|(found, _)| *found == line).map(|(_, version)| version.to_owned()).collect()
}

#[test]
fn rust_baseline_has_the_same_crate_versions() -> Result<()> {
    let read = |path: &str| fs::read_to_string(workspace().join(path)).context(path.to_owned());
    let (ours, theirs) = (read("Cargo.lock")?, read("bench/baselines/defaults/Cargo.lock")?);
    let manifest = read("bench/baselines/defaults/Cargo.toml")?;
    let section = manifest.lines().skip_while(|line| *line != "[dependencies]");
    let names: Vec<_> = section.filter_map(|line| line.split_once(" = ")).map(|(name, _)| name).collect();
    ensure!(names.contains(&"aws-sdk-dynamodb"), "{names:?}");
    for name in names {
        let (ours, theirs) = (versions(&ours, name), versions(&theirs, name));
        assert!(
            ours.is_subset(&theirs),
            "{name}: {ours:?} here, {theirs:?} in the baseline; see bench/README.md"
        );
    }
    Ok(())
}
