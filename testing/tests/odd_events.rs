//! Events that API Gateway doesn't send, or seldom: whatever comes, the function answers in its envelope and goes on.

use anyhow::{Result, bail};
use local::lambda::Outcome;
use local::stack::{Options, Stack};
use serde_json::{Map, Value, json};
use testing::{App, FORM, form, options, projects, workspace};

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

/// A 2.0 event as a REST API with the stage `prod` sends it, in format 1.0.
fn format_1(event: &Value) -> Value {
    let context = &event["requestContext"];
    let arrays = |texts: &Value| {
        let texts = texts.as_object().into_iter().flatten();
        texts.map(|(name, text)| (name.clone(), json!([text]))).collect::<Map<_, _>>()
    };
    let query = event["queryStringParameters"].clone();
    let mut headers = event["headers"].clone();
    if let Some(cookies) = event["cookies"].as_array() {
        headers["cookie"] = cookies.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; ").into();
    }
    json!({
        "resource": event["routeKey"].as_str().and_then(|key| key.split(' ').nth(1)),
        "path": event["rawPath"],
        "httpMethod": context["http"]["method"],
        "multiValueHeaders": arrays(&headers),
        "headers": headers,
        "multiValueQueryStringParameters": arrays(&query),
        "queryStringParameters": query,
        "pathParameters": event["pathParameters"],
        "requestContext": {
            "path": format!("/prod{}", event["rawPath"].as_str().unwrap_or_default()),
            "stage": "prod",
            "requestId": context["requestId"],
            "identity": {"sourceIp": context["http"]["sourceIp"]},
        },
        "body": event["body"],
        "isBase64Encoded": event["isBase64Encoded"],
    })
}

/// A 2.0 event as a function URL sends it, with this path.
fn function_url(event: &Value, path: &str) -> Value {
    let mut event = event.clone();
    event["routeKey"] = json!("$default");
    event["rawPath"] = json!(path);
    event["pathParameters"] = Value::Null;
    event["requestContext"]["domainName"] = json!("id.lambda-url.eu-central-1.on.aws");
    event
}

/// The answer, after a look at what every answer must have.
async fn answer(stack: &Stack, binary: &str, event: &str) -> Result<Value> {
    let outcome = stack.invoke(binary, event.to_owned()).await?;
    let Outcome::Answer(answer) = outcome else { bail!("{binary} answered {event} with {outcome:?}") };
    let mut answer: Value = serde_json::from_slice(&answer)?;
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default())?;
    for header in ["x-request-id", "strict-transport-security", "content-security-policy", "cache-control"] {
        assert!(answer["headers"][header].is_string(), "{binary} answered {event} without {header}");
    }
    assert!(body["error"].is_object() || body["data"].is_object(), "{binary} answered {event} with {body}");
    answer["body"] = body;
    Ok(answer)
}

/// Status and code of the answer.
async fn verdict(stack: &Stack, binary: &str, event: &str) -> Result<String> {
    let answer = answer(stack, binary, event).await?;
    let code = answer["body"]["error"]["code"].as_str().unwrap_or_default();
    Ok(format!("{} {code}", answer["statusCode"]).trim_end().to_owned())
}

async fn start() -> Result<Stack> {
    Stack::start(Options { prewarm: true, ..options(&[("RATE_LIMIT", "100000/10s")])? }).await
}

#[tokio::test]
async fn a_ping_asks_no_storage_and_counts_nothing() -> Result<()> {
    let app = App::start(&[("RATE_LIMIT", "1/86400s")]).await?;
    for route in app.stack.routes() {
        let mut without_context = usual(&route.binary)?;
        without_context["requestContext"] = Value::Null;
        for event in [
            json!({"source": "serverless-plugin-warmup"}),
            json!({}),
            json!(null),
            json!("warm"),
            without_context,
        ] {
            let answer = answer(&app.stack, &route.binary, &event.to_string()).await?;
            assert_eq!(
                (&answer["statusCode"], &answer["body"]["data"]["status"]),
                (&json!(200), &json!("ok")),
                "{event}"
            );
        }
    }
    assert_eq!(app.tap.calls(), []);
    Ok(())
}

#[tokio::test]
async fn an_event_of_no_known_kind_is_named_in_the_log() -> Result<()> {
    let app = App::start(&[]).await?;
    for route in app.stack.routes() {
        let load_balancer =
            changed(&route.binary, "/requestContext", &json!({"elb": {"targetGroupArn": "secret"}}))?;
        for (event, named) in [
            (json!({"Records": [{"body": "secret"}]}), "[Records]"),
            (json!([{"messageId": "secret"}]), "no request"),
            (load_balancer, "[elb]"),
            (
                json!({"requestContext": {"connectionId": "secret", "identity": {}}}),
                "[connectionId, identity]",
            ),
            (json!({"requestContext": "secret"}), "[requestContext]"),
            (changed(&route.binary, "/requestContext/http/method", &json!(1))?, "http"),
        ] {
            let answer = answer(&app.stack, &route.binary, &event.to_string()).await?;
            assert_eq!(answer["body"]["error"]["code"], "INTERNAL_ERROR", "{event}");
            let id = answer["headers"]["x-request-id"].as_str().unwrap_or_default();
            let line = app.stack.log_with(&route.binary, id).await.unwrap_or_default();
            assert!(line.contains(named) && line.contains("ERROR") && !line.contains("secret"), "{line}");
        }
    }
    assert_eq!(app.tap.calls(), []);
    Ok(())
}

#[tokio::test]
async fn a_request_without_headers_is_anonymous() -> Result<()> {
    let stack = start().await?;
    for route in stack.routes() {
        let event = changed(&route.binary, "/headers", &Value::Null)?;
        assert_eq!(verdict(&stack, &route.binary, &event.to_string()).await?, "401 UNAUTHORIZED");
    }
    Ok(())
}

/// The events that need no rows.
const ANYWHERE: [&str; 9] = [
    "list-projects/success",
    "list-projects/cookie",
    "list-projects/bad-limit",
    "list-projects/anonymous",
    "list-projects/foreign-organization",
    "create-project/cookie",
    "create-project/invalid-body",
    "create-project/cross-site",
    "upload-file/no-file",
];

#[tokio::test]
async fn format_1_is_answered_like_format_2() -> Result<()> {
    let (stack, other) = (start().await?, start().await?);
    for name in ANYWHERE {
        let file = workspace().join("events").join(name).with_extension("json");
        let event: Value = serde_json::from_slice(&std::fs::read(file)?)?;
        let binary = name.split('/').next().unwrap_or_default();
        let expected = verdict(&stack, binary, &event.to_string()).await?;
        let answer = answer(&other, binary, &format_1(&event).to_string()).await?;
        let code = answer["body"]["error"]["code"].as_str().unwrap_or_default();
        assert_eq!(format!("{} {code}", answer["statusCode"]).trim_end(), expected, "{name}");
        // A REST API takes no answer with a field that it doesn't know.
        assert_eq!(answer.get("cookies"), None);
    }
    Ok(())
}

#[tokio::test]
async fn the_address_is_the_one_that_the_gateway_reports() -> Result<()> {
    let stack = Stack::start(options(&[("RATE_LIMIT", "1/86400s")])?).await?;
    let mut event = format_1(&changed("list-projects", "/headers", &json!({}))?);
    for (address, header, expected) in [
        ("192.0.2.1", "192.0.2.1", "401 UNAUTHORIZED"),
        ("192.0.2.1", "192.0.2.2", "429 RATE_LIMITED"),
        ("192.0.2.3", "192.0.2.1", "401 UNAUTHORIZED"),
    ] {
        event["requestContext"]["identity"]["sourceIp"] = json!(address);
        event["multiValueHeaders"]["X-Forwarded-For"] = json!([header]);
        assert_eq!(verdict(&stack, "list-projects", &event.to_string()).await?, expected, "{address}");
    }
    Ok(())
}

#[tokio::test]
async fn a_function_url_is_matched_against_the_route() -> Result<()> {
    let app = App::start(&[]).await?;
    let event = usual("list-projects")?;
    for (path, expected) in [
        ("/v1/orgs/acme/projects", "200"),
        ("/v1/orgs/%61cme/projects", "200"),
        ("/v1/orgs/umbrella/projects", "403 FORBIDDEN"),
        ("/v1/orgs/acme%2Fprojects/projects", "403 FORBIDDEN"),
        ("/v1/orgs/acme/projects/", "404 NOT_FOUND"),
        ("/v1/orgs//projects", "404 NOT_FOUND"),
        ("//evil.example/v1/orgs/acme/projects", "404 NOT_FOUND"),
        ("/v1/orgs/%ff/projects", "404 NOT_FOUND"),
        ("/", "404 NOT_FOUND"),
        ("", "404 NOT_FOUND"),
    ] {
        app.tap.clear();
        let event = function_url(&event, path).to_string();
        assert_eq!(verdict(&app.stack, "list-projects", &event).await?, expected, "{path}");
        assert_eq!(app.tap.calls().is_empty(), expected.starts_with("404"), "{path}");
    }
    let mut post = function_url(&event, "/v1/orgs/acme/projects");
    post["requestContext"]["http"]["method"] = json!("POST");
    assert_eq!(verdict(&app.stack, "list-projects", &post.to_string()).await?, "404 NOT_FOUND");
    Ok(())
}

#[tokio::test]
async fn a_location_begins_as_the_path_of_its_request() -> Result<()> {
    let stack = start().await?;
    let mut event = usual("create-project")?;
    event["headers"]["idempotency-key"] = json!("key");
    for (path, prefix) in [
        ("/v1/orgs/acme/projects", ""),
        ("/prod/v1/orgs/acme/projects", "/prod"),
        ("/a/b c/v1/orgs/acme/projects", "/a/b%20c"),
        ("/a\r\nset-cookie: b/v1/orgs/acme/projects", "/a%0D%0Aset-cookie%3A%20b"),
        ("//evil.example/v1/orgs/acme/projects", ""),
        ("/\\evil.example/v1/orgs/acme/projects", "/%5Cevil.example"),
        ("/elsewhere", ""),
    ] {
        event["rawPath"] = json!(path);
        // The first request creates the project, and the others are answered as it was.
        let answer = answer(&stack, "create-project", &event.to_string()).await?;
        let id = answer["body"]["data"]["id"].as_str().unwrap_or_default();
        let expected = format!("{prefix}/v1/orgs/acme/projects/{id}");
        assert_eq!(answer["headers"]["location"], expected, "{path:?}: {answer}");
    }
    event["rawPath"] = json!("/v1/orgs/acme/projects");
    let rest = answer(&stack, "create-project", &format_1(&event).to_string()).await?;
    assert!(
        rest["headers"]["location"]
            .as_str()
            .is_some_and(|path| path.starts_with("/prod/v1/orgs/acme/projects/"))
    );
    Ok(())
}

#[tokio::test]
async fn no_field_of_a_wrong_type_is_a_defect() -> Result<()> {
    let stack = start().await?;
    let fields = [
        "/rawQueryString",
        "/pathParameters",
        "/pathParameters/orgId",
        "/requestContext/http/sourceIp",
        "/requestContext/requestId",
        "/cookies",
        "/body",
        "/isBase64Encoded",
        "/headers/content-type",
        "/version",
        "/rawPath",
        "/routeKey",
        "/multiValueHeaders",
        "/multiValueQueryStringParameters",
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

#[tokio::test]
async fn a_response_has_the_format_of_its_request() -> Result<()> {
    let stack = start().await?;
    for route in stack.routes() {
        let event = usual(&route.binary)?;
        let usual = answer(&stack, &route.binary, &event.to_string()).await?;
        assert_eq!(usual["cookies"], json!([]), "{}", route.binary);
        let rest = answer(&stack, &route.binary, &format_1(&event).to_string()).await?;
        assert!(rest["statusCode"].is_u64() && rest.get("cookies").is_none(), "{}", route.binary);
    }
    Ok(())
}

/// The one member of an object that `serde_json` may read as the JSON in its text.
const RAW: &str = "$serde_json::private::RawValue";

#[tokio::test]
async fn no_name_that_a_caller_chooses_is_read_as_json() -> Result<()> {
    let app = App::start(&[]).await?;
    let path = format!("{}?{RAW}=x", projects("acme"));
    assert_eq!(app.client.get(&path).send().await?.verdict(), "401 UNAUTHORIZED");
    assert_eq!(app.as_alice("GET", &path).send().await?.verdict(), "200");
    for body in [json!({"name": {RAW: "\"x\""}}), json!({RAW: "{\"name\":\"x\"}"})] {
        let response = app.as_alice("POST", &projects("acme")).json(&body).send().await?;
        assert_eq!(response.verdict(), "400 VALIDATION_ERROR", "{body}");
    }
    let body = json!({"name": "x", "unknown": {RAW: "no JSON"}});
    let response = app.as_alice("POST", &projects("acme")).json(&body).send().await?;
    assert_eq!(response.verdict(), "201", "what is unknown is dropped");
    Ok(())
}

#[tokio::test]
async fn a_file_that_a_gateway_took_for_text_is_refused() -> Result<()> {
    let app = App::start(&[]).await?;
    let project = app.new_project("acme", "Apollo").await?;
    let mut event = usual("upload-file")?;
    event["headers"]["authorization"] = format!("Bearer {}", app.token("alice", &["acme"])).into();
    event["headers"]["content-type"] = FORM.into();
    event["pathParameters"] = json!({"orgId": "acme", "projectId": project});
    event["isBase64Encoded"] = json!(false);
    for (content, verdict_then) in [("GIF89a\u{1}\u{fffd}", "400 INVALID_MULTIPART"), ("GIF89a\u{1}", "201")]
    {
        event["body"] = String::from_utf8(form("a.gif", "image/gif", content.as_bytes()))?.into();
        assert_eq!(verdict(&app.stack, "upload-file", &event.to_string()).await?, verdict_then);
    }
    assert_eq!(app.objects().await?.len(), 1);
    Ok(())
}
