//! Examples as events, sent to functions by `local invoke` and by AWS's Lambda emulator.

mod emulator;
mod invoke;
mod variables;

use std::path::PathBuf;

use anyhow::{Context, Result};
use local::example::Example;
use local::template::Template;
use serde_json::{Value, json};
use testing::{check_response, claims, for_each_concurrent, is_public, received, signed, workspace};

/// Number of concurrent functions. Each event has a stack, or a process, of its own.
const CONCURRENCY: usize = 2;

fn folder() -> PathBuf {
    workspace().join("events")
}

fn template() -> Result<Template> {
    Template::load(&workspace().join("template.yaml"))
}

/// Checks every function's response to its example's event: unchanged, with a token of another organization's member, and
/// without a token.
async fn check(response: impl AsyncFn(&str, &Value) -> Result<Value>) -> Result<()> {
    let template = template()?;
    for_each_concurrent(CONCURRENCY, template.routed(), async |function| {
        let (binary, mut event) = (&*function.binary, invoke::event(&function.binary).await?);
        let example = Example::load(&template, binary)?.seeded(&template)?;
        let usual = received(&response(binary, &event).await?)?;
        check_response(&example.response, &usual).with_context(|| format!("{binary} returned {usual:?}"))?;
        let of_organization = function.routes.iter().any(|route| route.path.contains("{orgId}"));
        let token = signed(&json!({"alg": "HS256", "typ": "JWT"}), &claims("mallory", &["umbrella"]))?;
        event["headers"]["authorization"] = format!("Bearer {token}").into();
        let refused = received(&response(binary, &event).await?)?.status == 403;
        assert_eq!(refused, of_organization, "{binary}");
        event["headers"].as_object_mut().context("there are no headers")?.remove("authorization");
        let refused = received(&response(binary, &event).await?)?.status == 401;
        assert_eq!(refused, !is_public(binary)?, "{binary}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn examples_pass_in_local_invoke() -> Result<()> {
    check(invoke::response).await
}

#[tokio::test]
#[ignore = "needs AWS's Runtime Interface Emulator and sam, which scripts/replay-events has"]
async fn examples_pass_in_aws_lambda_emulator() -> Result<()> {
    let tools = emulator::Tools::from_environment()?;
    check(async |function: &str, event: &Value| tools.response(function, event).await).await
}

#[test]
fn documented_curl_commands_send_the_examples() -> Result<()> {
    let template = template()?;
    for doc in ["README.md", "docs/DEPLOY.md"] {
        let text = std::fs::read_to_string(workspace().join(doc))?;
        let sent = text.split("application/json' -d '").skip(1).filter_map(|rest| rest.split_once('\''));
        let sent =
            sent.map(|(json, _)| Ok(serde_json::from_str::<Value>(json)?)).collect::<Result<Vec<_>>>()?;
        let mut bodies = Vec::new();
        for example in Example::all(&template)? {
            let body = example.seeded(&template)?.body.map(|(_, body)| body).unwrap_or_default();
            bodies.extend(serde_json::from_slice::<Value>(&body));
        }
        assert!(!sent.is_empty() && sent.iter().all(|sent| bodies.contains(sent)), "{doc}: {sent:?}");
    }
    Ok(())
}

#[test]
fn sam_local_gets_all_variables_without_defaults() -> Result<()> {
    let variables = variables::Overrides::read()?;
    for function in template()?.functions {
        let (set, open) = (variables.of(&function), variables::open(&function));
        let missing: Vec<_> = open.difference(&set).collect();
        assert!(missing.is_empty(), "{} lacks {missing:?}", function.id);
        // The others have no value in the template, such as the key that signs.
        for name in set.difference(&open) {
            let default = function.environment[name].literal();
            assert_eq!(default.as_deref(), Some(""), "{name} of {} has a default", function.id);
        }
    }
    assert_eq!(variables.unknown(&template()?), Vec::<String>::new());
    variables.check_names(&template()?)?;
    variables.check_ports()
}

#[test]
fn cargo_lambda_watch_gets_sam_locals_variables() -> Result<()> {
    assert_eq!(variables::watched()?, variables::Overrides::read()?.without_containers());
    let readme = std::fs::read_to_string(folder().join("README.md"))?;
    for command in [
        "cargo run -p local -- --ephemeral --emulators 127.0.0.1:8000 --seed\n",
        "cargo lambda watch --invoke-address 127.0.0.1 --env-file events/watch.env\n",
    ] {
        assert!(readme.contains(command), "events/README.md does not say {command}");
    }
    Ok(())
}
