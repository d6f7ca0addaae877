//! Processes behind the Runtime API.

use std::collections::BTreeSet;

use anyhow::Result;
use local::lambda::Outcome;
use local::stack::Stack;
use local::token::{DEVELOPMENT_ISSUER, DEVELOPMENT_SECRET};
use serde_json::{Value, json};

use super::common::{Meeting, options, process, start};

#[tokio::test]
async fn sequential_requests_share_a_process() -> Result<()> {
    let (_stack, client) = start().await?;
    let mut processes = BTreeSet::new();
    for _ in 0..5 {
        processes.extend(process(&client.get("/echo").send().await?));
    }
    assert_eq!(processes.len(), 1);
    Ok(())
}

#[tokio::test]
async fn concurrent_requests_get_own_processes_which_are_reused() -> Result<()> {
    let (_stack, client) = start().await?;
    let meeting = Meeting::open().await?;
    let requests: Vec<_> = (0..4).map(|_| meeting.path()).collect::<Result<_>>()?;
    let requests: Vec<_> = requests.iter().map(|path| tokio::spawn(client.get(path).send())).collect();
    let mut invocations = Vec::new();
    for _ in 0..4 {
        invocations.push(meeting.next().await?);
    }
    let processes: BTreeSet<_> = invocations.iter().map(|running| u64::from(running.process)).collect();
    assert_eq!(processes.len(), 4);
    for invocation in invocations {
        invocation.release().await?;
    }
    for request in requests {
        assert_eq!(request.await??.status, 200);
    }
    let after = process(&client.get("/echo").send().await?);
    assert!(after.is_some_and(|after| processes.contains(&after)));
    Ok(())
}

#[tokio::test]
async fn timed_out_function_is_killed_and_returns_503() -> Result<()> {
    let (stack, client) = start().await?;
    let first = process(&client.get("/hasty").send().await?);
    let response = client.get("/hasty?mode=hang").send().await?;
    assert_eq!((response.status, response.json()), (503, json!({"message": "Service Unavailable"})));
    assert_eq!(
        stack.log_with("echo", "Task timed out").await.as_deref(),
        Some("Task timed out after 1.00 seconds")
    );
    let next = process(&client.get("/hasty").send().await?);
    assert!(next.is_some() && next != first);
    Ok(())
}

#[tokio::test]
async fn crash_fails_only_its_request() -> Result<()> {
    let (stack, client) = start().await?;
    let response = client.get("/echo?mode=crash").send().await?;
    assert_eq!((response.status, response.json()), (500, json!({"message": "Internal Server Error"})));
    assert!(stack.log_with("echo", "exit status: 3").await.is_some());
    assert_eq!(client.get("/echo").send().await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn failed_init_fails_its_requests() -> Result<()> {
    let mut options = options()?;
    options.variables.insert("ECHO_REFUSES".to_owned(), "1".to_owned());
    let stack = Stack::start(options).await?;
    let client = local::client::Client::new(stack.url());
    assert_eq!(client.get("/echo").send().await?.status, 500);
    assert!(stack.log_with("echo", "ECHO_REFUSES is set").await.is_some());
    Ok(())
}

#[tokio::test]
async fn prewarming_reports_a_failed_init() -> Result<()> {
    let mut options = options()?;
    options.variables.insert("ECHO_REFUSES".to_owned(), "1".to_owned());
    options.prewarm = true;
    let error = Stack::start(options).await.map(drop).map_err(|error| format!("{error:#}"));
    let text = error.expect_err("the stack starts");
    assert!(text.contains("echo does not start"), "{text}");
    assert!(text.contains("[echo] ECHO_REFUSES is set"), "{text}");
    Ok(())
}

#[tokio::test]
async fn function_gets_only_variables_of_the_template() -> Result<()> {
    let (stack, client) = start().await?;
    let response = client.get("/echo").send().await?.json();
    let variables = &response["variables"];
    assert_eq!(variables["GREETING"], "hello");
    assert_eq!(variables["THINGS_TABLE"], "things-table");
    assert_eq!(variables["OBJECTS"], "arn:aws:s3:::things-bucket/hello/*");
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "256");
    assert_eq!(variables["AWS_ENDPOINT_URL_S3"].as_str(), Some(stack.s3_endpoint()));
    for absent in ["PATH", "HOME", "ECHO_REFUSES"] {
        assert_eq!(variables[absent], Value::Null, "{absent}");
    }
    Ok(())
}

/// Returns the keys that a function gets if the developer sets these variables.
async fn keys_with(variables: &[(&str, &str)]) -> Result<Vec<(String, String)>> {
    let mut options = options()?;
    options.variables.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let stack = Stack::start(options).await?;
    let response = local::client::Client::new(stack.url()).get("/echo").send().await?.json();
    let keys = ["AUTH_JWT_SECRET", "AUTH_JWKS", "AUTH_JWKS_URL"].iter();
    let found =
        keys.filter_map(|name| Some(((*name).to_owned(), response["variables"][name].as_str()?.to_owned())));
    Ok(found.collect())
}

#[tokio::test]
async fn development_key_is_unset_with_other_keys() -> Result<()> {
    for (variables, keys) in [
        (&[][..], &[("AUTH_JWT_SECRET", DEVELOPMENT_SECRET)][..]),
        (&[("AUTH_ISSUER", DEVELOPMENT_ISSUER)], &[("AUTH_JWT_SECRET", DEVELOPMENT_SECRET)]),
        (&[("AUTH_ISSUER", "https://issuer.example")], &[]),
        (&[("AUTH_JWKS", "theirs")], &[("AUTH_JWKS", "theirs")]),
        (&[("AUTH_JWKS_URL", "theirs")], &[("AUTH_JWKS_URL", "theirs")]),
        (
            &[("AUTH_JWT_SECRET", "mine"), ("AUTH_JWKS", "theirs")],
            &[("AUTH_JWT_SECRET", "mine"), ("AUTH_JWKS", "theirs")],
        ),
    ] {
        let found = keys_with(variables).await?;
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, keys, "{variables:?}");
    }
    Ok(())
}

#[tokio::test]
async fn table_variable_names_the_table() -> Result<()> {
    let mut options = options()?;
    options.variables.insert("THINGS_TABLE".to_owned(), "mine".to_owned());
    let stack = Stack::start(options).await?;
    let tables = stack.dynamodb().list_tables().send().await?;
    assert_eq!((tables.table_names(), stack.table("ThingsTable")), (["mine".to_owned()].as_slice(), "mine"));
    Ok(())
}

#[tokio::test]
async fn function_can_be_invoked_without_the_gateway() -> Result<()> {
    let (stack, _) = start().await?;
    for name in ["echo", "Hasty"] {
        let Outcome::Response(response) = stack.invoke(name, r#"{"any":"thing"}"#).await? else {
            panic!("{name} does not respond");
        };
        let response: Value = serde_json::from_slice(&response)?;
        assert!(response["body"].as_str().is_some_and(|body| body.contains(r#"{"any":"thing"}"#)));
    }
    assert!(stack.invoke("nobody", "{}").await.is_err());
    Ok(())
}

#[tokio::test]
async fn stopping_a_stack_ends_its_invocations() -> Result<()> {
    let (stack, client) = start().await?;
    let meeting = Meeting::open().await?;
    let request = tokio::spawn(client.get(&meeting.path()?).send());
    let invocation = meeting.next().await?;
    stack.stop().await;
    let ended = invocation.ended().await;
    assert!(ended, "the process still runs");
    drop(request.await?);
    Ok(())
}
