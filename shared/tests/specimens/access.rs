//! Access rules of routes: public, signed in, role, and membership in a table.

use anyhow::Result;
use serde_json::{Value, json};
use testing::{App, CallMatcher, Fault, RequestBuilder, claims, signed};

use crate::line;

const DOWN: &str = "503 SERVICE_UNAVAILABLE";
const ONE_A_DAY: (&str, &str) = ("RATE_LIMIT", "1/86400s");

fn status(app: &App) -> RequestBuilder {
    app.client.get("/v1/status")
}

fn request(app: &App) -> RequestBuilder {
    app.client.post("/v1/drafts").json(&json!({"name": "Apollo"}))
}

/// Signs Alice's claims with these changes.
fn token(changes: &Value) -> Result<String> {
    let mut claims = claims("alice", &["acme"]);
    claims
        .as_object_mut()
        .into_iter()
        .for_each(|claims| claims.extend(changes.as_object().cloned().unwrap_or_default()));
    signed(&json!({"alg": "HS256"}), &claims)
}

#[tokio::test]
async fn public_route_ignores_credentials() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let cross_site = |request: RequestBuilder| {
        let request = request.header("sec-fetch-site", "cross-site").header("sec-fetch-mode", "no-cors");
        request.header("origin", "https://evil.example")
    };
    for request in [
        status(&app),
        status(&app).bearer("garbage"),
        status(&app).header("authorization", "\u{e4}"),
        status(&app).cookie("garbage"),
        cross_site(status(&app).cookie(&app.token("alice", &["acme"]))),
    ] {
        let response = request.send().await?;
        assert_eq!(
            (response.status_and_code().as_str(), response.rate_limit()),
            ("200", None),
            "{response:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn public_route_is_limited_by_address() -> Result<()> {
    let app = App::specimens(&[ONE_A_DAY]).await?;
    assert_eq!(status(&app).bearer(&app.token("alice", &["acme"])).send().await?.status_and_code(), "200");
    let refused = status(&app).bearer(&app.token("bob", &["acme"])).send().await?;
    assert_eq!(refused.status_and_code(), "429 RATE_LIMITED");
    Ok(())
}

#[tokio::test]
async fn signed_in_route_accepts_any_valid_token() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let (alice, no_member) = (app.token("alice", &["acme"]), app.token("bob", &[]));
    for (request, status_and_code) in [
        (request(&app), "401 UNAUTHORIZED"),
        (request(&app).bearer("garbage"), "401 UNAUTHORIZED"),
        (request(&app).bearer(&alice), "201"),
        (request(&app).bearer(&no_member), "201"),
        (request(&app).cookie(&no_member), "201"),
        (request(&app).cookie(&no_member).header("sec-fetch-site", "cross-site"), "403 CROSS_SITE_REQUEST"),
    ] {
        assert_eq!(request.send().await?.status_and_code(), status_and_code);
    }
    Ok(())
}

#[tokio::test]
async fn signed_in_route_is_limited_by_user() -> Result<()> {
    let app = App::specimens(&[ONE_A_DAY]).await?;
    for (user, status_and_code) in [("alice", "201"), ("bob", "201"), ("alice", "429 RATE_LIMITED")] {
        let response = request(&app).bearer(&app.token(user, &[])).send().await?;
        assert_eq!(
            (response.status_and_code().as_str(), response.rate_limit().map(|rate_limit| rate_limit.0)),
            (status_and_code, Some(0))
        );
    }
    Ok(())
}

#[tokio::test]
async fn idempotency_key_of_user_route_spans_organizations() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let mut ids = Vec::new();
    for (user, organizations, replayed) in
        [("acme", &["acme"][..], ""), ("acme", &[], "true"), ("bob", &["acme"], "")]
    {
        let response = request(&app).key("key").bearer(&app.token(user, organizations)).send().await?;
        assert_eq!(
            (response.status_and_code().as_str(), response.header("idempotency-replayed")),
            ("201", replayed)
        );
        ids.push(response.json()["data"]["id"].clone());
    }
    assert!(ids[0] == ids[1] && ids[0] != ids[2], "{ids:?}");
    let other = app.client.post("/v1/drafts").key("key").json(&json!({"name": "Gemini"}));
    let refused = other.bearer(&app.token("acme", &[])).send().await?;
    assert_eq!(refused.status_and_code(), "422 UNPROCESSABLE_ENTITY");
    let records = app.rows("NotesTable", "IDEMPOTENCY").await?;
    let partitions = records.iter().filter_map(|record| record["pk"].as_str()?.rsplit_once('#'));
    let mut partitions: Vec<_> = partitions.map(|(scope, _)| scope).collect();
    partitions.sort_unstable();
    assert_eq!(partitions, ["USER#acme#IDEMPOTENCY", "USER#bob#IDEMPOTENCY"]);
    Ok(())
}

#[tokio::test]
async fn role_counts_only_in_its_organization() -> Result<()> {
    let app = App::specimens(&[("AUTH_ROLES_CLAIM", "roles")]).await?;
    for (changes, status_and_code) in [
        (json!({}), "403 FORBIDDEN"),
        (json!({"roles": ["owner", "Admin"]}), "403 FORBIDDEN"),
        (json!({"roles": ["admin"], "organizations": ["umbrella"]}), "403 FORBIDDEN"),
        (json!({"organizations": {"acme": "member", "umbrella": "admin"}}), "403 FORBIDDEN"),
        (json!({"organizations": {"acme": "admin"}}), "204"),
        (json!({"roles": ["admin"]}), "204"),
    ] {
        app.proxy.clear();
        let put = app.client.request("PUT", "/v1/orgs/acme/motto").bearer(&token(&changes)?);
        let response = put.json(&json!({"name": "Per aspera"})).send().await?;
        assert_eq!(response.status_and_code(), status_and_code, "{changes}");
        assert_eq!(
            app.proxy.calls().len() > 1,
            status_and_code == "204",
            "{changes}: {:?}",
            app.proxy.calls()
        );
    }
    assert_eq!(app.rows("NotesTable", "MOTTO").await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn membership_comes_from_the_table_alone() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let row = json!({"pk": "USER#alice#MEMBER#umbrella", "sk": "#"});
    app.put_row("NotesTable", &row).await?;
    for (user, organization, status_and_code) in [
        ("alice", "umbrella", "200"),
        ("alice", "acme", "403 FORBIDDEN"),
        ("bob", "umbrella", "403 FORBIDDEN"),
        ("umbrella", "alice", "403 FORBIDDEN"),
    ] {
        let path = format!("/v1/orgs/{organization}/holders");
        let response = app.request_of(user, &["acme"], "GET", &path).send().await?;
        assert_eq!(response.status_and_code(), status_and_code, "{user} in {organization}");
    }
    let _outage = app.proxy.fail(CallMatcher::of("GetItem"), Fault::Broken);
    let response = app.as_alice("GET", "/v1/orgs/umbrella/holders").send().await?;
    assert_eq!(response.status_and_code(), DOWN);
    Ok(())
}

#[tokio::test]
async fn access_rule_that_writes_is_a_defect() -> Result<()> {
    for limit in ["", "100/86400s"] {
        let app = App::specimens(&[("ORG_RATE_LIMIT", limit)]).await?;
        app.put_row("NotesTable", &json!({"pk": "USER#writer#MEMBER#acme", "sk": "#"})).await?;
        let response = app.request_of("writer", &["acme"], "GET", "/v1/orgs/acme/holders").send().await?;
        assert_eq!(response.status_and_code(), "500 INTERNAL_ERROR", "{limit}");
        let line = line(&app, &response).await?;
        assert!(line["error"].as_str().is_some_and(|error| error.contains("must not write")), "{line}");
        assert_eq!(app.rows("NotesTable", "MOTTO").await?.len(), 0);
    }
    Ok(())
}
