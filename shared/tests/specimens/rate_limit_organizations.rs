//! Limit of organizations, beside the one of callers. Windows of a day, because none may end in a test.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Value, json};
use testing::{App, CallMatcher, Moment, RequestBuilder, Response, notes, send_concurrently};

use crate::stored;

/// Limit of callers that no test here reaches.
const PLENTY: (&str, &str) = ("RATE_LIMIT", "100/86400s");

async fn app(limit_of_organizations: &str) -> Result<App> {
    App::specimens(&[PLENTY, ("ORG_RATE_LIMIT", limit_of_organizations)]).await
}

fn list(app: &App, user: &str, organization: &str) -> RequestBuilder {
    app.request_of(user, &[organization], "GET", &notes(organization))
}

/// Returns the limit that the headers speak of, its requests and those that remain.
fn headers(response: &Response) -> (String, u64) {
    let policy = response.header("ratelimit-policy").trim_end_matches(";w=86400").to_owned();
    (policy, response.rate_limit().unwrap_or_default().0)
}

/// Reads the counters: the requests that each has counted, by its key.
async fn counters(app: &App) -> Result<BTreeMap<String, u64>> {
    let rows = app.rows("RateLimitTable", "").await?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(rows.iter().map(|row| (text(&row["pk"]), row["current"].as_u64().unwrap_or_default())).collect())
}

#[tokio::test]
async fn members_share_their_organizations_limit() -> Result<()> {
    let app = app("3/86400s").await?;
    for (user, remaining) in [("alice", 2), ("bob", 1), ("carol", 0)] {
        let response = list(&app, user, "acme").send().await?;
        assert_eq!(
            (response.status, headers(&response)),
            (200, ("\"organization\";q=3".to_owned(), remaining))
        );
    }
    // Another environment has to ask.
    let second = app.second_environment(&[PLENTY, ("ORG_RATE_LIMIT", "3/86400s")]).await?;
    for app in [&second, &app] {
        let rejected = list(app, "dave", "acme").send().await?;
        assert_eq!(rejected.status_and_code(), "429 RATE_LIMITED");
        assert_eq!(headers(&rejected), ("\"organization\";q=3".to_owned(), 0));
        assert!(String::from_utf8_lossy(&rejected.body).contains("from your organization"));
    }
    assert_eq!(list(&app, "alice", "umbrella").send().await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn counter_is_named_by_route_and_organization() -> Result<()> {
    let app = app("3/60s").await?;
    list(&app, "alice", "acme").send().await?;
    app.request_of("alice", &["a#b"], "GET", &notes("a%23b")).send().await?;
    let route = "GET /v1/orgs/{orgId}/notes";
    let found: Vec<_> = counters(&app).await?.into_keys().filter(|key| !key.contains("#user#")).collect();
    assert_eq!(found, [format!("{route}#60s#org#a%23b"), format!("{route}#60s#org#acme")]);
    Ok(())
}

#[tokio::test]
async fn headers_speak_of_the_nearer_limit() -> Result<()> {
    for (own, of_organizations, nearer) in [
        ("2/86400s", "5/86400s", "\"default\";q=2"),
        ("5/86400s", "2/86400s", "\"organization\";q=2"),
        ("2/86400s", "2/86400s", "\"default\";q=2"),
    ] {
        let app = App::specimens(&[("RATE_LIMIT", own), ("ORG_RATE_LIMIT", of_organizations)]).await?;
        for (status, remaining) in [(200, 1), (200, 0), (429, 0)] {
            let response = list(&app, "alice", "acme").send().await?;
            assert_eq!((response.status, headers(&response)), (status, (nearer.to_owned(), remaining)));
        }
    }
    Ok(())
}

#[tokio::test]
async fn strangers_use_up_no_organizations_limit() -> Result<()> {
    let app = app("3/86400s").await?;
    let stranger = |path: &str| app.request_of("mallory", &["umbrella"], "GET", path).send();
    for _ in 0..5 {
        // Membership by the token, and by a table.
        assert_eq!(stranger(&notes("acme")).await?.status_and_code(), "403 FORBIDDEN");
        assert_eq!(stranger("/v1/orgs/acme/holders").await?.status_and_code(), "403 FORBIDDEN");
        assert_eq!(app.client.get(&notes("acme")).send().await?.status_and_code(), "401 UNAUTHORIZED");
    }
    assert!(counters(&app).await?.keys().all(|key| !key.contains("#org#")));
    assert_eq!(headers(&list(&app, "alice", "acme").send().await?).1, 2);
    Ok(())
}

#[tokio::test]
async fn routes_without_organization_have_one_limit() -> Result<()> {
    let app = app("1/86400s").await?;
    for _ in 0..2 {
        let draft = app.client.post("/v1/drafts").json(&json!({"name": "Apollo"}));
        assert_eq!(draft.bearer(&app.token("alice", &["acme"])).send().await?.status, 201);
        assert_eq!(app.client.get("/v1/status").send().await?.status, 200);
    }
    assert_eq!(counters(&app).await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn counters_and_read_run_concurrently() -> Result<()> {
    let app = app("9/86400s").await?;
    let calls = [
        CallMatcher::of("UpdateItem").with("#user#alice"),
        CallMatcher::of("UpdateItem").with("#org#acme"),
        CallMatcher::of("Query"),
    ];
    let mut held = calls.map(|calls| app.proxy.hold(calls, Moment::Before));
    let response = tokio::spawn(list(&app, "alice", "acme").send());
    for call in &mut held {
        call.reached().await?;
    }
    drop(held);
    assert_eq!(response.await??.status, 200);
    Ok(())
}

#[tokio::test]
async fn cached_rejection_of_organization_costs_nothing() -> Result<()> {
    let app = app("1/86400s").await?;
    list(&app, "alice", "acme").send().await?;
    app.proxy.clear();
    for user in ["alice", "bob"] {
        assert_eq!(list(&app, user, "acme").send().await?.status_and_code(), "429 RATE_LIMITED");
    }
    assert_eq!(app.proxy.calls(), []);
    Ok(())
}

#[tokio::test]
async fn request_writes_only_if_both_counted() -> Result<()> {
    for limits in [["1/86400s", "9/86400s"], ["9/86400s", "1/86400s"]] {
        let limits = [("RATE_LIMIT", limits[0]), ("ORG_RATE_LIMIT", limits[1])];
        let app = App::specimens(&limits).await?;
        let post = |app: &App, name: &str| app.as_alice("POST", &notes("acme")).json(&json!({"name": name}));
        assert_eq!(post(&app, "Apollo").send().await?.status, 201);
        let second = app.second_environment(&limits).await?;
        second.proxy.clear();
        assert_eq!(post(&second, "Gemini").send().await?.status_and_code(), "429 RATE_LIMITED");
        assert!(second.proxy.calls().iter().all(|call| call.operation == "UpdateItem"));
        assert_eq!(stored(&app, "acme").await?[0], 1);
    }
    Ok(())
}

#[tokio::test]
async fn concurrent_requests_exceed_neither_limit() -> Result<()> {
    let limits =
        [("RATE_LIMIT", "4/86400s"), ("ORG_RATE_LIMIT", "10/86400s"), ("RATE_LIMIT_ON_ERROR", "deny")];
    let app = App::specimens(&limits).await?;
    let apps = [app.second_environment(&limits).await?, app];
    let requests = (0..20).map(|turn| list(&apps[turn % 2], &format!("user-{}", turn % 4), "acme"));
    let responses = send_concurrently(requests).await?;
    let passed =
        |user: usize| (0..20).filter(|turn| turn % 4 == user && responses[*turn].status == 200).count();
    let of_users: Vec<_> = (0..4).map(passed).collect();
    let late = responses.iter().filter(|response| response.status == 503).count();
    let total: usize = of_users.iter().sum();
    assert!(of_users.iter().all(|passed| *passed <= 4), "{of_users:?}");
    // One request of each user is over its own limit, and may use up the organization's.
    assert!(total <= 10 && (total >= 6 || late > 0), "{of_users:?}, {late} were late");
    for (key, counted) in counters(&apps[0]).await? {
        assert!(counted <= if key.contains("#org#") { 10 } else { 4 }, "{key}: {counted}");
    }
    Ok(())
}

#[tokio::test]
async fn lost_counter_of_organization_fails_open_or_closed() -> Result<()> {
    for (on_error, expected) in [("allow", "200"), ("deny", "503 SERVICE_UNAVAILABLE")] {
        let variables = [PLENTY, ("ORG_RATE_LIMIT", "9/86400s"), ("RATE_LIMIT_ON_ERROR", on_error)];
        let app = App::specimens(&variables).await?;
        let counter = CallMatcher::of("UpdateItem").with("#org#");
        let outage = app.proxy.fail(counter, testing::Fault::InvalidBody);
        assert_eq!(list(&app, "alice", "acme").send().await?.status_and_code(), expected);
        drop(outage);
        assert_eq!(list(&app, "alice", "acme").send().await?.status_and_code(), "200");
    }
    Ok(())
}
