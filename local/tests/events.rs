//! Every event in `events/` gets the answer that `events/README.md` promises, from the real binary.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use local::lambda::Outcome;
use local::stack::Stack;
use local::testing::{options, workspace};
use serde_json::Value;

/// What an event must get: the status and, for errors, the code.
type Expected = (u64, String);

fn folder() -> PathBuf {
    workspace().join("events")
}

/// The rows of the table in the README: `function/case.json`, status, code.
fn promised() -> Result<BTreeMap<String, Expected>> {
    let readme = std::fs::read_to_string(folder().join("README.md"))?;
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect();
        ensure!(cells.len() >= 3, "{row} has too few cells");
        let status = cells[1].parse().with_context(|| format!("{row} has no status"))?;
        Ok((cells[0].clone(), (status, cells[2].clone())))
    })
    .collect()
}

/// Every event, as `function/case.json`.
fn present() -> Result<Vec<String>> {
    let mut events = Vec::new();
    for function in std::fs::read_dir(folder())? {
        let function = function?;
        if !function.file_type()?.is_dir() {
            continue;
        }
        for case in std::fs::read_dir(function.path())? {
            let (function, case) = (function.file_name(), case?.file_name());
            events.push(format!("{}/{}", function.to_string_lossy(), case.to_string_lossy()));
        }
    }
    events.sort();
    Ok(events)
}

async fn replay(event: &str) -> Result<Expected> {
    // Each on a stack of its own, as `local invoke` runs them: no event can depend on another.
    let stack = Stack::start(options(&[])?).await?;
    stack.seed(&folder().join("seed.json")).await?;
    let function = event.split('/').next().unwrap_or_default();
    let text = std::fs::read(folder().join(event))?;
    let outcome = stack.invoke(function, text).await?;
    stack.stop().await;
    let Outcome::Answer(answer) = outcome else { anyhow::bail!("{event} was answered {outcome:?}") };
    let answer: Value = serde_json::from_slice(&answer)?;
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default())?;
    let code = body["error"]["code"].as_str().unwrap_or_default();
    Ok((answer["statusCode"].as_u64().unwrap_or_default(), code.to_owned()))
}

#[test]
fn every_event_is_in_the_table_and_the_table_names_no_other() -> Result<()> {
    let (present, promised): (BTreeSet<_>, BTreeSet<_>) =
        (present()?.into_iter().collect(), promised()?.into_keys().collect());
    let untold: Vec<_> = present.difference(&promised).collect();
    let absent: Vec<_> = promised.difference(&present).collect();
    assert!(untold.is_empty(), "the table in events/README.md lacks {untold:?}");
    assert!(absent.is_empty(), "the table in events/README.md names events that are not there: {absent:?}");
    Ok(())
}

#[tokio::test]
async fn every_event_gets_the_answer_that_the_table_promises() -> Result<()> {
    for (event, expected) in promised()? {
        assert_eq!(replay(&event).await?, expected, "{event}");
    }
    Ok(())
}
