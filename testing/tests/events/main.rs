//! Every event in `events/` is one that API Gateway could have sent, and gets the answer that `events/answers.yaml` and the
//! table in `events/README.md` promise: from `local invoke`, and from AWS's own emulator of Lambda with the variables
//! that `sam local` would give. What must stay out: how any of that is done.

mod answers;
mod emulator;
mod invoke;
mod shape;
mod table;
mod variables;

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result};
use local::template::Template;
use serde_json::Value;
use testing::{side_by_side, workspace};

/// As many events are replayed at the same time; each has a stack, or a process, of its own.
const AT_ONCE: usize = 2;

fn folder() -> PathBuf {
    workspace().join("events")
}

fn template() -> Result<Template> {
    Template::load(&workspace().join("template.yaml"))
}

/// The function that an event is for.
fn function(event: &str) -> &str {
    event.split('/').next().unwrap_or_default()
}

fn read(event: &str) -> Result<Value> {
    let text =
        std::fs::read_to_string(folder().join(event)).with_context(|| format!("can't read {event}"))?;
    serde_json::from_str(&text).with_context(|| format!("{event} is not JSON"))
}

/// Every event, as `function/case.json`.
fn present() -> Result<BTreeSet<String>> {
    let mut events = BTreeSet::new();
    for function in std::fs::read_dir(folder())? {
        let function = function?;
        if !function.file_type()?.is_dir() {
            continue;
        }
        for case in std::fs::read_dir(function.path())? {
            let (function, case) = (function.file_name(), case?.file_name());
            events.insert(format!("{}/{}", function.to_string_lossy(), case.to_string_lossy()));
        }
    }
    Ok(events)
}

#[test]
fn every_event_has_its_answer_and_its_row_in_the_table_and_neither_names_another() -> Result<()> {
    let present = present()?;
    let answered: BTreeSet<_> = answers::promises()?.into_keys().collect();
    let listed: BTreeSet<_> = table::rows()?.into_iter().map(|row| row.event).collect();
    for (place, named) in [("events/answers.yaml", answered), ("the table in events/README.md", listed)] {
        let untold: Vec<_> = present.difference(&named).collect();
        let absent: Vec<_> = named.difference(&present).collect();
        assert!(untold.is_empty(), "{place} lacks {untold:?}");
        assert!(absent.is_empty(), "{place} names events that are not there: {absent:?}");
    }
    Ok(())
}

#[test]
fn the_table_says_what_the_answers_say() -> Result<()> {
    let promises = answers::promises()?;
    for row in table::rows()? {
        let promise = promises.get(&row.event).with_context(|| format!("{} has no answer", row.event))?;
        assert_eq!(row.said_of(promise), promise.summary(), "{}", row.event);
    }
    Ok(())
}

#[test]
fn every_event_is_as_api_gateway_sends_them() -> Result<()> {
    let template = template()?;
    for event in present()? {
        let routes = template.function(function(&event)).context("an event is for no function")?;
        let faults = shape::faults(&read(&event)?, &routes.routes);
        assert!(faults.is_empty(), "{event}: {faults:?}");
    }
    Ok(())
}

#[test]
fn every_function_has_an_event_with_cookies_and_of_a_caller_over_the_limit() -> Result<()> {
    let (promises, events) = (answers::promises()?, present()?);
    for declared in template()?.functions {
        let (mut cookies, mut limited) = (false, false);
        for event in events.iter().filter(|event| function(event) == declared.binary) {
            cookies |= read(event)?["cookies"].is_array();
            limited |= promises.get(event).is_some_and(|promise| promise.status == 429);
        }
        assert!(cookies && limited, "{} lacks events: cookies {cookies}, 429 {limited}", declared.binary);
    }
    Ok(())
}

#[tokio::test]
async fn local_invoke_prints_the_answers_that_are_promised() -> Result<()> {
    side_by_side(AT_ONCE, answers::promises()?, async |(event, promise)| {
        let answer = invoke::answer(&event).await.with_context(|| event.clone())?;
        promise.check(&answer).with_context(|| format!("{event} was answered {answer:#}"))
    })
    .await
}

#[tokio::test]
#[ignore = "needs AWS's Runtime Interface Emulator and sam, which .ci/events has"]
async fn awss_own_emulator_of_lambda_gives_the_answers_that_are_promised() -> Result<()> {
    let tools = emulator::Tools::from_environment()?;
    side_by_side(AT_ONCE, answers::promises()?, async |(event, promise)| {
        let answer = tools.answer(&event).await.with_context(|| event.clone())?;
        promise.check(&answer).with_context(|| format!("{event} was answered {answer:#}"))
    })
    .await
}

#[test]
fn the_variables_for_sam_local_are_all_that_the_template_leaves_open_and_fit_the_local_stack() -> Result<()> {
    let variables = variables::Overrides::read()?;
    for function in template()?.functions {
        assert_eq!(variables.of(&function), variables::open(&function), "{}", function.id);
    }
    assert_eq!(variables.unknown(&template()?), Vec::<String>::new());
    variables.check_names(&template()?)?;
    variables.check_ports()
}

#[test]
fn cargo_lambda_watch_gets_the_variables_of_sam_local() -> Result<()> {
    assert_eq!(variables::watched()?, variables::Overrides::read()?.without_containers());
    let readme = std::fs::read_to_string(workspace().join("README.md"))?;
    for command in [
        "cargo run -p local -- --ephemeral --engines 127.0.0.1:8000 --seed events/seed.json\n",
        "cargo lambda watch --invoke-address 127.0.0.1 --env-file events/watch.env\n",
    ] {
        assert!(readme.contains(command), "README.md does not say {command}");
    }
    Ok(())
}
