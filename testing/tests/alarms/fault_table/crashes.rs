//! Functions that panic, crash, or don't respond in time.

use anyhow::{Context, Result};
use local::stack::Options;
use serde_json::json;
use tempfile::TempDir;
use testing::{App, CallMatcher, Client, Moment, SPECIMENS, notes, projects};

use super::{Row, changed_template};

/// Shorter timeout of the functions: three seconds.
const TIMEOUT: [&str; 2] = ["Timeout: 10\n", "Timeout: 3\n"];

pub(super) async fn rows(app: &App, folder: &TempDir) -> Result<Vec<Row>> {
    let (defects, killed, late) = tokio::try_join!(defects(folder), killed(app), late(app, folder))?;
    Ok([defects, vec![killed, late]].into_iter().flatten().collect())
}

/// Describes handlers that panic or block, of which only the specimens have any.
async fn defects(folder: &TempDir) -> Result<Vec<Row>> {
    let template = changed_template(folder.path(), SPECIMENS, TIMEOUT[0], TIMEOUT[1])?;
    let app = App::specimens_with(&[], |options| Options { template, ..options }).await?;
    let client = Client::new(app.stack.url());
    let create = |name: &str| {
        let request = client.post(&notes("acme")).bearer(&app.token("alice", &["acme"]));
        request.json(&json!({ "name": name })).send()
    };
    Ok(vec![
        Row::of(&app, "function: the handler panics", &create("Panic").await?).await?,
        Row::of_slow(&app, "function: hangs", &create("Stuck").await?).await?,
    ])
}

async fn killed(app: &App) -> Result<Row> {
    let app = app.second_environment(&[]).await?;
    let mut breakpoint = app.proxy.hold(CallMatcher::of("Query"), Moment::Before);
    let request = Client::new(app.stack.url()).get(&projects("acme")).bearer(&app.token("alice", &["acme"]));
    let request = tokio::spawn(request.send());
    breakpoint.reached().await?;
    app.stack.crash("list-projects");
    let response = request.await.context("the request was interrupted")??;
    breakpoint.break_off();
    Row::of(&app, "function: crashes", &response).await
}

/// Describes calls that hang until the function's deadline.
async fn late(app: &App, folder: &TempDir) -> Result<Row> {
    let template = changed_template(folder.path(), "template.yaml", TIMEOUT[0], TIMEOUT[1])?;
    let app = app.second_environment_with(&[], |options| Options { template, ..options }).await?;
    let _silent = app.proxy.hold(CallMatcher::of("Query"), Moment::Before);
    let response = app.as_alice("GET", &projects("acme")).send().await?;
    Row::of_slow(&app, "function: a call hangs until its deadline", &response).await
}
