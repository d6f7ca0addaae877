//! Events that API Gateway never or rarely sends: the function responds in its envelope and continues.

use anyhow::Result;
use local::stack::Options;
use serde_json::{Value, json};
use testing::{App, changed, format_1, is_public, received};

async fn start() -> Result<App> {
    App::start_with(&[], |options| Options { prewarm: true, ..options }).await
}

#[tokio::test]
async fn ping_makes_no_storage_calls() -> Result<()> {
    let app = App::start(&[]).await?;
    for route in app.stack.routes() {
        let without_context = changed(&app.event(&route.binary).await?, "/requestContext", &Value::Null);
        app.proxy.clear();
        let source = json!({"source": "serverless-plugin-warmup"});
        for event in [source, json!({}), json!(null), json!("warm"), without_context] {
            let response = app.response(&route.binary, &event).await?;
            assert_eq!(
                (response.status, response.json()),
                (200, json!({"data": {"status": "ok"}})),
                "{event}"
            );
        }
        assert_eq!(app.proxy.calls(), []);
    }
    Ok(())
}

#[tokio::test]
async fn unknown_events_are_named_in_the_log() -> Result<()> {
    let app = App::start(&[]).await?;
    for route in app.stack.routes() {
        let usual = app.event(&route.binary).await?;
        let elb = json!({"elb": {"targetGroupArn": "secret"}});
        let load_balancer = changed(&usual, "/requestContext", &elb);
        let no_method = changed(&usual, "/requestContext/http/method", &json!(1));
        app.proxy.clear();
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
            let response = app.response(&route.binary, &event).await?;
            assert_eq!(response.code(), "INTERNAL_ERROR", "{event}");
            let id = response.header("x-request-id");
            let line = app.stack.log_with(&route.binary, id).await.unwrap_or_default();
            assert!(line.contains(named) && line.contains("ERROR") && !line.contains("secret"), "{line}");
        }
        assert_eq!(app.proxy.calls(), []);
    }
    Ok(())
}

#[tokio::test]
async fn request_without_headers_is_anonymous() -> Result<()> {
    let app = start().await?;
    for route in app.stack.routes() {
        let event = changed(&app.event(&route.binary).await?, "/headers", &Value::Null);
        let refused = app.response(&route.binary, &event).await?.status == 401;
        assert_eq!(refused, !is_public(&route.binary)?, "{route:?}");
    }
    Ok(())
}

#[tokio::test]
async fn format_1_works_like_format_2() -> Result<()> {
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
        let mut responses = Vec::new();
        for form in [Value::clone, format_1] {
            let event = app.event(&route.binary).await?;
            let event = changes.iter().fold(event, |event, (pointer, value)| changed(&event, pointer, value));
            responses.push(app.raw(&route.binary, &form(&event)).await?);
        }
        let statuses =
            (received(&responses[0])?.status_and_code(), received(&responses[1])?.status_and_code());
        assert_eq!(statuses.0, statuses.1, "{} {changes:?}", route.binary);
        // A REST API refuses a response with a field that it doesn't know.
        assert_eq!((responses[0].get("cookies"), responses[1].get("cookies")), (Some(&json!([])), None));
    }
    Ok(())
}

#[tokio::test]
async fn fields_of_wrong_type_cause_no_5xx() -> Result<()> {
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
                let status_and_code = app.response(&route.binary, &event).await?.status_and_code();
                assert!(
                    !status_and_code.starts_with('5'),
                    "{} returned {status_and_code} for {event}",
                    route.binary
                );
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn header_names_are_case_insensitive() -> Result<()> {
    let app = start().await?;
    for route in app.stack.routes() {
        let mut event = app.event(&route.binary).await?;
        let headers = event["headers"].as_object().cloned().unwrap_or_default();
        event["headers"] = headers.into_iter().map(|(name, value)| (name.to_uppercase(), value)).collect();
        let response = app.response(&route.binary, &event).await?;
        assert!(response.status < 400, "{} returned {response:?}", route.binary);
    }
    Ok(())
}

#[tokio::test]
async fn process_survives_malformed_events() -> Result<()> {
    let app = start().await?;
    for route in app.stack.routes() {
        let usual = app.event(&route.binary).await?;
        let no_parameters = changed(&usual, "/pathParameters", &json!({}));
        let mut no_base64 = changed(&usual, "/body", &json!("no base64!"));
        no_base64["isBase64Encoded"] = json!(true);
        for event in [json!(null), json!({}), no_parameters, no_base64] {
            let status_and_code = app.response(&route.binary, &event).await?.status_and_code();
            assert!(
                !status_and_code.starts_with('5'),
                "{} returned {status_and_code} for {event}",
                route.binary
            );
        }
        app.run(&route.binary).await?;
        let ends = app.stack.logs(&route.binary).into_iter().find(|line| line.contains("the process ended"));
        assert_eq!(ends, None);
    }
    Ok(())
}
