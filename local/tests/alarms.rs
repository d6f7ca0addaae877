//! The alarms of `template.yaml` hear what the functions say: its filters are about words of their logs, and nothing else
//! would tell that one of the two has changed.

use anyhow::{Context, Result};
use local::template::{Function, Template};
use local::testing::{App, FORM, PNG, files, form, projects, workspace};
use serde_json::json;
use yaml_serde::Value;

/// The resources of the template, untouched.
fn resources() -> Result<Value> {
    let text = std::fs::read_to_string(workspace().join("template.yaml"))?;
    Ok(yaml_serde::from_str::<Value>(&text)?["Resources"].clone())
}

/// What `!Ref` is about, or the text itself.
fn text(value: &Value) -> &str {
    match value {
        Value::Tagged(tagged) => tagged.value.as_str().unwrap_or_default(),
        value => value.as_str().unwrap_or_default(),
    }
}

/// Whether a line of the log fits one term of a filter: `$.field = "text*"` or `$.field >= number`.
fn term_fits(term: &str, line: &serde_json::Value) -> bool {
    let mut words = term.trim().trim_start_matches("$.").splitn(3, ' ');
    let (field, operator, wanted) = (words.next(), words.next(), words.next().unwrap_or_default());
    let found = &line[field.unwrap_or_default()];
    match (operator, wanted.trim_matches('"').strip_suffix('*')) {
        (Some(">="), _) => found.as_u64() >= wanted.parse().ok() && found.is_u64(),
        (Some("="), Some(start)) => found.as_str().is_some_and(|found| found.starts_with(start)),
        (Some("="), None) => found.as_str() == Some(wanted.trim_matches('"')),
        _ => false,
    }
}

/// The lines of a function's log so far that this filter of the template counts.
fn counted(app: &App, binary: &str, filter: &str) -> Result<Vec<serde_json::Value>> {
    let resources = resources()?;
    let pattern = text(&resources[filter]["Properties"]["FilterPattern"]).trim_matches(['{', '}', ' ']);
    let lines = app.stack.logs(binary).into_iter();
    let lines = lines.filter_map(|line| serde_json::from_str::<serde_json::Value>(&line).ok());
    Ok(lines.filter(|line| pattern.split("&&").all(|term| term_fits(term, line))).collect())
}

/// A request that succeeds as long as the counter answers; the function that answers it has then logged it.
async fn ask(app: &App, function: &Function, project: &str) -> Result<u16> {
    let draft = match function.binary.as_str() {
        "upload-file" => {
            app.as_alice("POST", &files("acme", project)).body(FORM, form("a.png", "image/png", PNG))
        }
        "create-project" => app.as_alice("POST", &projects("acme")).json(&json!({ "name": "Gemini" })),
        _ => app.as_alice("GET", &projects("acme")),
    };
    let answer = draft.send().await?;
    let line = app.stack.log_with(&function.binary, answer.header("x-request-id")).await;
    line.context("the request was not logged").map(|_| answer.status)
}

#[tokio::test]
async fn failures_of_the_rate_limit_table_are_counted_and_so_is_each_5xx_under_its_route() -> Result<()> {
    let app = App::start(&[("RATE_LIMIT_ON_ERROR", "deny")]).await?;
    let project = app.new_project("acme", "Apollo").await?;
    let template = Template::load(&workspace().join("template.yaml"))?;
    for function in &template.functions {
        let status = ask(&app, function, &project).await?;
        assert!(status < 300, "{} answers {status}", function.id);
        for filter in ["RateLimitTableFailures", "ServerErrors"] {
            assert_eq!(counted(&app, &function.binary, filter)?, [] as [serde_json::Value; 0], "{filter}");
        }
    }
    app.lose_table("RateLimitTable").await?;
    for function in &template.functions {
        assert_eq!(ask(&app, function, &project).await?, 503);
        assert_eq!(counted(&app, &function.binary, "RateLimitTableFailures")?.len(), 1);
        let errors = counted(&app, &function.binary, "ServerErrors")?;
        let routes: Vec<_> = errors.iter().filter_map(|error| error["route"].as_str()).collect();
        assert_eq!(routes, [function.routes[0].to_string()], "{}", function.id);
    }
    Ok(())
}

#[test]
fn a_deployment_is_rolled_back_by_alarms_on_the_crashes_and_errors_of_its_own_function() -> Result<()> {
    let (resources, template) = (resources()?, Template::load(&workspace().join("template.yaml"))?);
    for function in &template.functions {
        let alarms = resources[&function.id]["Properties"]["DeploymentPreference"]["Alarms"].as_sequence();
        let alarms =
            alarms.context("it has no alarms")?.iter().map(|alarm| &resources[text(alarm)]["Properties"]);
        let alarms = alarms.map(|alarm| (text(&alarm["MetricName"]), text(&alarm["Dimensions"][0]["Value"])));
        let route = function.routes[0].to_string();
        assert_eq!(alarms.collect::<Vec<_>>(), [("Errors", function.id.as_str()), ("ServerErrors", &route)]);
    }
    Ok(())
}
