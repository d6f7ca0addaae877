//! Events that API Gateway doesn't send, or seldom: whatever comes, the function answers in its envelope and goes on.

use anyhow::{Context, Result, bail};
use local::lambda::Outcome;
use local::stack::Options;
use serde_json::{Map, Value, json};
use testing::{Answer, App, form, projects, received};

/// The event with the value at this JSON pointer changed.
fn changed(event: &Value, pointer: &str, value: &Value) -> Value {
    let mut event = event.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
    if let Some(Value::Object(parent)) = event.pointer_mut(parent) {
        parent.insert(name.to_owned(), value.clone());
    }
    event
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

/// What the function gives the gateway.
async fn raw(app: &App, binary: &str, event: &Value) -> Result<Value> {
    let outcome = app.stack.invoke(binary, event.to_string()).await?;
    let Outcome::Answer(answer) = outcome else { bail!("{binary} answered {event} with {outcome:?}") };
    Ok(serde_json::from_slice(&answer)?)
}

/// The answer, after a look at what every answer must have.
async fn answer(app: &App, binary: &str, event: &Value) -> Result<Answer> {
    received(&raw(app, binary, event).await?).with_context(|| format!("{binary} got {event}"))
}

/// Status and code of the answer.
async fn verdict(app: &App, binary: &str, event: &Value) -> Result<String> {
    Ok(answer(app, binary, event).await?.verdict())
}

async fn start() -> Result<App> {
    App::with(&[], |options| Options { prewarm: true, ..options }).await
}

#[tokio::test]
async fn a_ping_asks_no_storage_and_counts_nothing() -> Result<()> {
    let app = App::start(&[]).await?;
    for route in app.stack.routes() {
        let without_context = changed(&app.event(&route.binary).await?, "/requestContext", &Value::Null);
        app.tap.clear();
        let source = json!({"source": "serverless-plugin-warmup"});
        for event in [source, json!({}), json!(null), json!("warm"), without_context] {
            let answer = answer(&app, &route.binary, &event).await?;
            assert_eq!((answer.status, answer.json()), (200, json!({"data": {"status": "ok"}})), "{event}");
        }
        assert_eq!(app.tap.calls(), []);
    }
    Ok(())
}

#[tokio::test]
async fn an_event_of_no_known_kind_is_named_in_the_log() -> Result<()> {
    let app = App::start(&[]).await?;
    for route in app.stack.routes() {
        let usual = app.event(&route.binary).await?;
        let elb = json!({"elb": {"targetGroupArn": "secret"}});
        let load_balancer = changed(&usual, "/requestContext", &elb);
        let no_method = changed(&usual, "/requestContext/http/method", &json!(1));
        app.tap.clear();
        for (event, named) in [
            (json!({"Records": [{"body": "secret"}]}), "[Records]"),
            (json!([{"messageId": "secret"}]), "no request"),
            (load_balancer, "[elb]"),
            (
                json!({"requestContext": {"connectionId": "secret", "identity": {}}}),
                "[connectionId, identity]",
            ),
            (json!({"requestContext": "secret"}), "[requestContext]"),
            (no_method, "http"),
        ] {
            let answer = answer(&app, &route.binary, &event).await?;
            assert_eq!(answer.code(), "INTERNAL_ERROR", "{event}");
            let id = answer.header("x-request-id");
            let line = app.stack.log_with(&route.binary, id).await.unwrap_or_default();
            assert!(line.contains(named) && line.contains("ERROR") && !line.contains("secret"), "{line}");
        }
        assert_eq!(app.tap.calls(), []);
    }
    Ok(())
}

#[tokio::test]
async fn a_request_without_headers_is_anonymous() -> Result<()> {
    let app = start().await?;
    for route in app.stack.routes() {
        let event = changed(&app.event(&route.binary).await?, "/headers", &Value::Null);
        assert_eq!(verdict(&app, &route.binary, &event).await?, "401 UNAUTHORIZED");
    }
    Ok(())
}

#[tokio::test]
async fn format_1_is_answered_like_format_2() -> Result<()> {
    let app = start().await?;
    let cookie = json!([format!("auth={}", app.token("alice", &["acme"]))]);
    let (off, here) =
        (("/headers/authorization", json!(null)), ("/headers/sec-fetch-site", json!("same-origin")));
    let cases = [
        vec![],
        vec![off.clone()],
        vec![("/pathParameters/orgId", json!("umbrella"))],
        vec![off.clone(), ("/cookies", cookie.clone()), here],
        vec![off, ("/cookies", cookie), ("/headers/sec-fetch-site", json!("cross-site"))],
        vec![("/rawQueryString", json!("limit=0")), ("/queryStringParameters", json!({"limit": "0"}))],
        vec![("/body", json!("{"))],
    ];
    for (route, changes) in
        app.stack.routes().iter().flat_map(|route| cases.iter().map(move |case| (route, case)))
    {
        let mut answers = Vec::new();
        for form in [Value::clone, format_1] {
            let event = app.event(&route.binary).await?;
            let event = changes.iter().fold(event, |event, (pointer, value)| changed(&event, pointer, value));
            answers.push(raw(&app, &route.binary, &form(&event)).await?);
        }
        let verdicts = (received(&answers[0])?.verdict(), received(&answers[1])?.verdict());
        assert_eq!(verdicts.0, verdicts.1, "{} {changes:?}", route.binary);
        // A REST API takes no answer with a field that it doesn't know.
        assert_eq!((answers[0].get("cookies"), answers[1].get("cookies")), (Some(&json!([])), None));
    }
    Ok(())
}

#[tokio::test]
async fn the_address_is_the_one_that_the_gateway_reports() -> Result<()> {
    let app = App::start(&[("RATE_LIMIT", "1/86400s")]).await?;
    let mut event = format_1(&changed(&app.event("create-project").await?, "/headers", &json!({})));
    for (address, header, expected) in [
        ("192.0.2.1", "192.0.2.1", "401 UNAUTHORIZED"),
        ("192.0.2.1", "192.0.2.2", "429 RATE_LIMITED"),
        ("192.0.2.3", "192.0.2.1", "401 UNAUTHORIZED"),
    ] {
        event["requestContext"]["identity"]["sourceIp"] = json!(address);
        event["multiValueHeaders"]["X-Forwarded-For"] = json!([header]);
        assert_eq!(verdict(&app, "create-project", &event).await?, expected, "{address}");
    }
    Ok(())
}

#[tokio::test]
async fn a_function_url_is_matched_against_the_route() -> Result<()> {
    let app = App::start(&[]).await?;
    let event = app.event("list-projects").await?;
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
        assert_eq!(verdict(&app, "list-projects", &function_url(&event, path)).await?, expected, "{path}");
        assert_eq!(app.tap.calls().is_empty(), expected.starts_with("404"), "{path}");
    }
    let mut post = function_url(&event, "/v1/orgs/acme/projects");
    post["requestContext"]["http"]["method"] = json!("POST");
    assert_eq!(verdict(&app, "list-projects", &post).await?, "404 NOT_FOUND");
    Ok(())
}

#[tokio::test]
async fn a_location_begins_as_the_path_of_its_request() -> Result<()> {
    let app = start().await?;
    let mut event = app.event("create-project").await?;
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
        let answer = answer(&app, "create-project", &event).await?;
        let id = answer.json()["data"]["id"].as_str().unwrap_or_default().to_owned();
        assert_eq!(answer.header("location"), format!("{prefix}/v1/orgs/acme/projects/{id}"), "{path:?}");
    }
    event["rawPath"] = json!("/v1/orgs/acme/projects");
    let rest = answer(&app, "create-project", &format_1(&event)).await?;
    assert!(rest.header("location").starts_with("/prod/v1/orgs/acme/projects/"), "{rest:?}");
    Ok(())
}

#[tokio::test]
async fn no_field_of_a_wrong_type_is_a_defect() -> Result<()> {
    let app = start().await?;
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
    for route in app.stack.routes() {
        let usual = app.event(&route.binary).await?;
        for field in fields {
            for value in &values {
                let event = changed(&usual, field, value);
                let verdict = verdict(&app, &route.binary, &event).await?;
                assert!(!verdict.starts_with('5'), "{} answered {event} with {verdict}", route.binary);
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_body_may_be_in_base64_and_must_then_really_be() -> Result<()> {
    let app = start().await?;
    for (body, expected) in [
        // {"name":"Apollo"}
        ("eyJuYW1lIjoiQXBvbGxvIn0=", "201"),
        ("eyJuYW1lIjoiQXBvbGxvIn0", "400 INVALID_JSON"),
        ("{\"name\":\"Gemini\"}", "400 INVALID_JSON"),
        ("====", "400 INVALID_JSON"),
        ("", "400 INVALID_JSON"),
    ] {
        let mut event = changed(&app.event("create-project").await?, "/body", &json!(body));
        event["isBase64Encoded"] = json!(true);
        event["headers"]["content-length"] = Value::Null;
        assert_eq!(verdict(&app, "create-project", &event).await?, expected, "{body}");
    }
    let garbage = changed(&app.event("upload-file").await?, "/body", &json!("no base64!"));
    assert_eq!(verdict(&app, "upload-file", &garbage).await?, "400 INVALID_MULTIPART");
    Ok(())
}

#[tokio::test]
async fn a_length_that_says_too_much_is_believed_before_anything_is_decoded() -> Result<()> {
    let app = start().await?;
    for (binary, length) in
        [("create-project", "65537"), ("upload-file", "5000000"), ("upload-file", "99999999999999999")]
    {
        let event = changed(&app.event(binary).await?, "/headers/content-length", &json!(length));
        assert_eq!(verdict(&app, binary, &event).await?, "413 PAYLOAD_TOO_LARGE", "{binary}");
    }
    Ok(())
}

#[tokio::test]
async fn headers_are_found_whatever_the_case_of_their_names() -> Result<()> {
    let app = start().await?;
    for route in app.stack.routes() {
        let mut event = app.event(&route.binary).await?;
        let headers = event["headers"].as_object().cloned().unwrap_or_default();
        event["headers"] = headers.into_iter().map(|(name, value)| (name.to_uppercase(), value)).collect();
        let answer = answer(&app, &route.binary, &event).await?;
        assert!(answer.status < 300, "{} answered {answer:?}", route.binary);
    }
    Ok(())
}

#[tokio::test]
async fn whatever_came_the_same_process_serves_the_next_request() -> Result<()> {
    let app = start().await?;
    for route in app.stack.routes() {
        let usual = app.event(&route.binary).await?;
        let no_parameters = changed(&usual, "/pathParameters", &json!({}));
        let mut no_base64 = changed(&usual, "/body", &json!("no base64!"));
        no_base64["isBase64Encoded"] = json!(true);
        for event in [json!(null), json!({}), no_parameters, no_base64] {
            let verdict = verdict(&app, &route.binary, &event).await?;
            assert!(!verdict.starts_with('5'), "{} answered {event} with {verdict}", route.binary);
        }
        app.run(&route.binary).await?;
        let ends = app.stack.logs(&route.binary).into_iter().find(|line| line.contains("the process ended"));
        assert_eq!(ends, None);
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
    let mut event = app.event("upload-file").await?;
    event["isBase64Encoded"] = json!(false);
    for (content, verdict_then) in [("GIF89a\u{1}\u{fffd}", "400 INVALID_MULTIPART"), ("GIF89a\u{1}", "201")]
    {
        event["body"] = String::from_utf8(form("a.gif", "image/gif", content.as_bytes()))?.into();
        assert_eq!(verdict(&app, "upload-file", &event).await?, verdict_then);
    }
    assert_eq!(app.objects().await?.len(), 1);
    Ok(())
}
