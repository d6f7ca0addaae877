//! Events that API Gateway doesn't send, or seldom: whatever comes, the function answers in its envelope and goes on.

use anyhow::{Result, bail};
use local::lambda::Outcome;
use local::stack::{Options, Stack};
use local::testing::{options, workspace};
use serde_json::{Value, json};

/// The event of this function's usual request.
fn usual(binary: &str) -> Result<Value> {
    let file = workspace().join("events").join(binary).join("success.json");
    Ok(serde_json::from_slice(&std::fs::read(file)?)?)
}

/// The usual event with the value at this JSON pointer changed.
fn changed(binary: &str, pointer: &str, value: &Value) -> Result<Value> {
    let mut event = usual(binary)?;
    let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
    if let Some(Value::Object(parent)) = event.pointer_mut(parent) {
        parent.insert(name.to_owned(), value.clone());
    }
    Ok(event)
}

/// Status and code of the answer, after a look at what every answer must have.
async fn verdict(stack: &Stack, binary: &str, event: &str) -> Result<String> {
    let outcome = stack.invoke(binary, event.to_owned()).await?;
    let Outcome::Answer(answer) = outcome else { bail!("{binary} answered {event} with {outcome:?}") };
    let answer: Value = serde_json::from_slice(&answer)?;
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default())?;
    for header in ["x-request-id", "strict-transport-security", "content-security-policy", "cache-control"] {
        assert!(answer["headers"][header].is_string(), "{binary} answered {event} without {header}");
    }
    assert!(body["error"].is_object() || body["data"].is_object(), "{binary} answered {event} with {body}");
    let code = body["error"]["code"].as_str().unwrap_or_default();
    Ok(format!("{} {code}", answer["statusCode"]).trim_end().to_owned())
}

async fn start() -> Result<Stack> {
    Stack::start(Options { prewarm: true, ..options(&[("RATE_LIMIT", "100000/10s")])? }).await
}

#[tokio::test]
async fn what_is_no_request_is_anonymous() -> Result<()> {
    let stack = start().await?;
    for route in stack.routes() {
        let without_headers = changed(&route.binary, "/headers", &Value::Null)?.to_string();
        for event in [
            "{}",
            "null",
            "[]",
            "\"text\"",
            "1",
            r#"{"headers": [], "cookies": {}, "requestContext": 1}"#,
            &without_headers,
        ] {
            assert_eq!(verdict(&stack, &route.binary, event).await?, "401 UNAUTHORIZED", "{event}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn no_field_of_a_wrong_type_is_a_defect() -> Result<()> {
    let stack = start().await?;
    let fields = [
        "/rawQueryString",
        "/pathParameters",
        "/pathParameters/orgId",
        "/requestContext",
        "/requestContext/http",
        "/requestContext/requestId",
        "/cookies",
        "/body",
        "/isBase64Encoded",
        "/headers/content-type",
        "/version",
        "/rawPath",
    ];
    let values = [json!(null), json!(1), json!(true), json!("\u{0}%zz"), json!([null]), json!({"a": []})];
    for route in stack.routes() {
        for field in fields {
            for value in &values {
                let event = changed(&route.binary, field, value)?.to_string();
                let verdict = verdict(&stack, &route.binary, &event).await?;
                assert!(!verdict.starts_with('5'), "{} answered {event} with {verdict}", route.binary);
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_body_may_be_in_base64_and_must_then_really_be() -> Result<()> {
    let stack = start().await?;
    for (body, expected) in [
        // {"name":"Apollo"}
        ("eyJuYW1lIjoiQXBvbGxvIn0=", "201"),
        ("eyJuYW1lIjoiQXBvbGxvIn0", "400 INVALID_JSON"),
        ("{\"name\":\"Gemini\"}", "400 INVALID_JSON"),
        ("====", "400 INVALID_JSON"),
        ("", "400 INVALID_JSON"),
    ] {
        let mut event = changed("create-project", "/body", &json!(body))?;
        event["isBase64Encoded"] = json!(true);
        event["headers"]["content-length"] = Value::Null;
        assert_eq!(verdict(&stack, "create-project", &event.to_string()).await?, expected, "{body}");
    }
    let garbage = changed("upload-file", "/body", &json!("no base64!"))?;
    assert_eq!(verdict(&stack, "upload-file", &garbage.to_string()).await?, "400 INVALID_MULTIPART");
    Ok(())
}

#[tokio::test]
async fn a_length_that_says_too_much_is_believed_before_anything_is_decoded() -> Result<()> {
    let stack = start().await?;
    for (binary, length) in
        [("create-project", "65537"), ("upload-file", "5000000"), ("upload-file", "99999999999999999")]
    {
        let event = changed(binary, "/headers/content-length", &json!(length))?;
        assert_eq!(verdict(&stack, binary, &event.to_string()).await?, "413 PAYLOAD_TOO_LARGE", "{binary}");
    }
    Ok(())
}

#[tokio::test]
async fn headers_are_found_whatever_the_case_of_their_names() -> Result<()> {
    let stack = start().await?;
    let mut event = usual("create-project")?;
    let headers = event["headers"].as_object().cloned().unwrap_or_default();
    event["headers"] = headers.into_iter().map(|(name, value)| (name.to_uppercase(), value)).collect();
    assert_eq!(verdict(&stack, "create-project", &event.to_string()).await?, "201");
    Ok(())
}

#[tokio::test]
async fn whatever_came_the_same_process_serves_the_next_request() -> Result<()> {
    let stack = start().await?;
    for route in stack.routes() {
        let no_parameters = changed(&route.binary, "/pathParameters", &json!({}))?;
        let mut no_base64 = changed(&route.binary, "/body", &json!("no base64!"))?;
        no_base64["isBase64Encoded"] = json!(true);
        for event in ["null", "{}", &no_parameters.to_string(), &no_base64.to_string()] {
            let verdict = verdict(&stack, &route.binary, event).await?;
            assert!(!verdict.starts_with('5'), "{} answered {event} with {verdict}", route.binary);
        }
        let next = verdict(&stack, &route.binary, &usual(&route.binary)?.to_string()).await?;
        // The file's project is not there, which only storage knows.
        let expected = if route.binary == "upload-file" { ["404 NOT_FOUND"; 2] } else { ["200", "201"] };
        assert!(expected.contains(&next.as_str()), "{} answered its usual event with {next}", route.binary);
        let ends = stack.logs(&route.binary).into_iter().find(|line| line.contains("the process ended"));
        assert_eq!(ends, None);
    }
    Ok(())
}
