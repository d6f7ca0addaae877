//! Guarantees of every route in `template.yaml`; a new route is covered without a test of its own.

use anyhow::{Context, Result};
use local::example::Example;
use local::gateway::Route;
use local::stack::Options;
use serde_json::{Value, json};
use testing::{App, Call, FORM, PNG, RequestBuilder, Service, files, form, is_public, projects, takes_key};

/// Value of path parameters other than the organization.
const SOME_ID: &str = "01900000-0000-7000-8000-000000000000";

fn path(route: &Route, organization: &str) -> String {
    let segment = |segment: &str| match segment {
        "{orgId}" => organization.to_owned(),
        parameter if parameter.starts_with('{') => SOME_ID.to_owned(),
        text => text.to_owned(),
    };
    route.path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

fn method(route: &Route) -> &str {
    if route.method == "ANY" { "POST" } else { &route.method }
}

fn is_write(route: &Route) -> bool {
    !["GET", "HEAD", "OPTIONS"].contains(&method(route))
}

/// Returns `true` if the route belongs to an organization. Only members may call it.
fn is_of_organization(route: &Route) -> bool {
    route.path.contains("{orgId}")
}

/// Returns the routes that take a token.
fn protected(app: &App) -> Result<Vec<&Route>> {
    let routes = app.stack.routes().iter().map(|route| Ok((route, is_public(&route.binary)?)));
    let routes = routes.collect::<Result<Vec<_>>>()?.into_iter();
    Ok(routes.filter(|(_, is_public)| !is_public).map(|(route, _)| route).collect())
}

/// Returns a request to a route of `acme` without credentials.
fn request(app: &App, route: &Route) -> RequestBuilder {
    app.client.request(method(route), &path(route, "acme"))
}

/// Returns `true` if the storage calls were exactly `times` updates of the counter.
fn only_counted(app: &App, times: usize) -> bool {
    let counter = app.stack.table("RateLimitTable");
    let counts = |call: &Call| {
        call.service == Service::DynamoDb && call.operation == "UpdateItem" && call.target == counter
    };
    let calls = app.proxy.calls();
    calls.len() == times && calls.iter().all(counts)
}

#[tokio::test]
async fn requests_without_valid_token_only_reach_the_counter() -> Result<()> {
    let app = App::start(&[]).await?;
    assert!(!app.stack.routes().is_empty());
    for route in protected(&app)? {
        for (request, expected) in [
            (request(&app, route), "Bearer"),
            (request(&app, route).bearer("garbage"), "Bearer error=\"invalid_token\""),
            (request(&app, route).cookie("garbage"), "Bearer error=\"invalid_token\""),
        ] {
            app.proxy.clear();
            let response = request.send().await?;
            let found = (response.status_and_code(), response.header("www-authenticate"));
            assert_eq!(found, ("401 UNAUTHORIZED".to_owned(), expected), "{route:?}");
            assert!(only_counted(&app, 1), "{route:?} made {:?}", app.proxy.calls());
        }
    }
    Ok(())
}

#[tokio::test]
async fn non_member_gets_uniform_403() -> Result<()> {
    let app = App::start(&[]).await?;
    // Gives `acme` some data.
    for route in app.stack.routes() {
        app.run(&route.binary).await?;
    }
    for route in app.stack.routes() {
        let mut bodies = Vec::new();
        if !is_of_organization(route) {
            continue;
        }
        for organization in ["acme", "ACME", "no-such-organization", "umbrella%20", "%20"] {
            for organizations in [&["umbrella"][..], &[]] {
                app.proxy.clear();
                let path = path(route, organization);
                let response = app.request_of("mallory", organizations, method(route), &path).send().await?;
                assert_eq!(response.status_and_code(), "403 FORBIDDEN", "{route:?} {organization}");
                assert!(only_counted(&app, 1), "{route:?} made {:?}", app.proxy.calls());
                bodies.push(response.body);
            }
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{route:?}");
    }
    Ok(())
}

#[tokio::test]
async fn cross_site_writes_with_cookie_are_refused() -> Result<()> {
    let app = App::start(&[]).await?;
    let token = app.token("alice", &["acme"]);
    for route in protected(&app)?.into_iter().filter(|route| is_write(route)) {
        for (name, value) in
            [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("origin", "null")]
        {
            app.proxy.clear();
            let response = request(&app, route).cookie(&token).header(name, value).send().await?;
            assert_eq!(response.status_and_code(), "403 CROSS_SITE_REQUEST", "{route:?} {name}");
            assert!(only_counted(&app, 0), "{route:?} made {:?}", app.proxy.calls());
        }
    }
    Ok(())
}

#[tokio::test]
async fn embedded_cross_site_reads_are_refused() -> Result<()> {
    let app = App::start(&[]).await?;
    let token = app.token("alice", &["acme"]);
    for route in protected(&app)?.into_iter().filter(|route| !is_write(route)) {
        let read = |mode, dest| {
            let request = request(&app, route).cookie(&token).header("sec-fetch-site", "cross-site");
            request.header("sec-fetch-mode", mode).header("sec-fetch-dest", dest)
        };
        app.proxy.clear();
        for (mode, dest) in [("no-cors", "image"), ("navigate", "iframe")] {
            assert_eq!(
                read(mode, dest).send().await?.status_and_code(),
                "403 CROSS_SITE_REQUEST",
                "{route:?} {mode}"
            );
        }
        assert!(only_counted(&app, 0), "{route:?} made {:?}", app.proxy.calls());
        for (mode, dest) in [("cors", "empty"), ("navigate", "document")] {
            let status_and_code = read(mode, dest).send().await?.status_and_code();
            assert_ne!(status_and_code, "403 CROSS_SITE_REQUEST", "{route:?} {mode}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn compressed_bodies_are_refused() -> Result<()> {
    let app = App::start(&[]).await?;
    let template = app.stack.template();
    for route in app.stack.routes() {
        if Example::load(template, &route.binary)?.seeded(template)?.body.is_none() {
            continue;
        }
        for content_type in ["application/json", FORM] {
            app.proxy.clear();
            let request = app.as_alice(method(route), &path(route, "acme")).body(content_type, "{}");
            let response = request.header("content-encoding", "gzip").send().await?;
            let found = (response.status_and_code(), response.header("accept-encoding"));
            assert_eq!(found, ("415 UNSUPPORTED_MEDIA_TYPE".to_owned(), "identity"), "{route:?}");
            assert!(only_counted(&app, 1), "{route:?} made {:?}", app.proxy.calls());
        }
    }
    Ok(())
}

#[tokio::test]
async fn each_route_has_its_own_rate_limit() -> Result<()> {
    let app = App::start(&[("RATE_LIMIT", "1/86400s")]).await?;
    for route in app.stack.routes() {
        let request = app.request_of("mallory", &["umbrella"], method(route), &path(route, "acme"));
        let first = request.clone().send().await?;
        assert_eq!(first.status == 403, is_of_organization(route), "{route:?}");
        assert_eq!(request.send().await?.status_and_code(), "429 RATE_LIMITED", "{route:?}");
    }
    Ok(())
}

/// The client of these tests checks the rules for all responses, which the gateway's own 404 breaks.
#[tokio::test]
async fn strict_client_rejects_irregular_responses() -> Result<()> {
    let app = App::start(&[]).await?;
    let gateways_own = app.client.get("/nowhere").send().await;
    let fault = gateways_own.map(|response| response.status).map_err(|error| error.to_string());
    assert!(fault.is_err_and(|error| error.contains("the body is not") && error.contains("x-request-id")));
    Ok(())
}

#[tokio::test]
async fn examples_succeed_with_bearer_and_cookie() -> Result<()> {
    let app = App::start(&[]).await?;
    for route in app.stack.routes() {
        app.run(&route.binary).await?;
        let prepared = app.prepare(&route.binary).await?;
        let anonymous = prepared.request.clone().without("authorization");
        if is_public(&route.binary)? {
            prepared.check(&anonymous.send().await?)?;
            continue;
        }
        assert_eq!(anonymous.clone().send().await?.status_and_code(), "401 UNAUTHORIZED", "{route:?}");
        let by_cookie = anonymous.cookie(&prepared.token).header("sec-fetch-site", "same-origin");
        prepared.check(&by_cookie.send().await?)?;
    }
    Ok(())
}

/// A route that describes an `Idempotency-Key` replays its response, and refuses the key for another request.
#[tokio::test]
async fn described_idempotency_keys_are_honored() -> Result<()> {
    let app = App::start(&[]).await?;
    for route in app.stack.routes() {
        let (one, other) = (app.prepare(&route.binary).await?, app.prepare(&route.binary).await?);
        if !takes_key(&route.binary)? {
            continue;
        }
        let first = one.request.clone().key("key").send().await?;
        one.check(&first)?;
        let again = one.request.key("key").send().await?;
        let replayed = (again.status, again.header("idempotency-replayed"), &again.body);
        assert_eq!(replayed, (first.status, "true", &first.body), "{route:?}");
        assert_eq!(other.request.key("key").send().await?.status, 422, "{route:?}");
    }
    Ok(())
}

/// Data of `acme`: a project with a file, a second page, and stored responses.
struct Seeded {
    project: String,
    cursor: String,
}

async fn seed(app: &App) -> Result<Seeded> {
    let create = app.as_alice("POST", &projects("acme")).key("key").json(&json!({"name": "Apollo"}));
    let project = create.send().await?.json()["data"]["id"].as_str().unwrap_or_default().to_owned();
    app.create("Gemini").await?;
    let upload = app.as_alice("POST", &files("acme", &project)).key("key");
    assert_eq!(upload.body(FORM, form("a.png", "image/png", PNG)).send().await?.status, 201);
    let page = app.list("?limit=1").await?.json();
    let cursor = page["data"]["nextCursor"].as_str().unwrap_or_default().to_owned();
    Ok(Seeded { project, cursor })
}

/// Alice is a member of `umbrella`, and either of `acme` too or not.
#[tokio::test]
async fn no_organization_reaches_data_of_others() -> Result<()> {
    let app = App::start(&[]).await?;
    let Seeded { project, cursor } = seed(&app).await?;
    for organizations in [&["umbrella"][..], &["umbrella", "acme"]] {
        let of = |method: &str, path: &str| app.request_of("alice", organizations, method, path);
        let list = of("GET", &projects("umbrella")).send().await?;
        assert!(!String::from_utf8_lossy(&list.body).contains("Apollo"));
        let page = of("GET", &format!("{}?cursor={cursor}", projects("umbrella"))).send().await?;
        assert_eq!(
            (page.status_and_code().as_str(), page.field().as_str()),
            ("400 VALIDATION_ERROR", "cursor")
        );
        let form = form("a.png", "image/png", PNG);
        let upload = of("POST", &files("umbrella", &project)).key("key").body(FORM, form).send().await?;
        assert_eq!(upload.status_and_code(), "404 NOT_FOUND");
        let name = format!("Project-{}", organizations.len());
        let create =
            of("POST", &projects("umbrella")).key(&name).json(&json!({ "name": name })).send().await?;
        assert_eq!((create.status, create.header("idempotency-replayed")), (201, ""));
    }
    let repeated = app.request_of("alice", &["umbrella"], "POST", &projects("umbrella")).key("key");
    let repeated = repeated.json(&json!({"name": "Apollo"})).send().await?;
    assert_eq!((repeated.status, repeated.header("idempotency-replayed")), (201, ""));
    assert_eq!(repeated.json()["data"]["orgId"], "umbrella");
    assert_eq!(app.list("").await?.json()["data"]["projects"].as_array().map(Vec::len), Some(2));
    Ok(())
}

#[tokio::test]
async fn every_warm_up_reaches_the_end() -> Result<()> {
    let debug = [("LOG_LEVEL", "debug")];
    let app = App::start_with(&debug, |options| Options { prewarm: true, ..options }).await?;
    for route in app.stack.routes() {
        let line = app.stack.log_with(&route.binary, r#""message":"warm-up""#).await;
        let line: Value = serde_json::from_str(&line.with_context(|| route.binary.clone())?)?;
        // A handler finds no row.
        let is_usual = line["status"].as_u64().is_some_and(|status| status < 400 || status == 404);
        assert!(is_usual, "{}: {line}", route.binary);
    }
    Ok(())
}
