//! Who is let in: a route for everybody, one for whoever is signed in, one for a role, and one that asks a table.

use anyhow::Result;
use serde_json::{Value, json};
use testing::{App, Calls, Draft, Fault, claims, signed};

const DOWN: &str = "503 SERVICE_UNAVAILABLE";
const ONE_A_DAY: (&str, &str) = ("RATE_LIMIT", "1/86400s");

fn status(app: &App) -> Draft {
    app.client.get("/v1/status")
}

fn draft(app: &App) -> Draft {
    app.client.post("/v1/drafts").json(&json!({"name": "Apollo"}))
}

/// A token with these claims on top of Alice's.
fn token(changes: &Value) -> Result<String> {
    let mut claims = claims("alice", &["acme"]);
    claims
        .as_object_mut()
        .into_iter()
        .for_each(|claims| claims.extend(changes.as_object().cloned().unwrap_or_default()));
    signed(&json!({"alg": "HS256"}), &claims)
}

#[tokio::test]
async fn a_public_route_looks_at_no_credentials() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let elsewhere = |draft: Draft| {
        let draft = draft.header("sec-fetch-site", "cross-site").header("sec-fetch-mode", "no-cors");
        draft.header("origin", "https://evil.example")
    };
    for draft in [
        status(&app),
        status(&app).bearer("garbage"),
        status(&app).header("authorization", "\u{e4}"),
        status(&app).cookie("garbage"),
        elsewhere(status(&app).cookie(&app.token("alice", &["acme"]))),
    ] {
        let answer = draft.send().await?;
        assert_eq!((answer.verdict().as_str(), answer.quota()), ("200", None), "{answer:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_public_route_counts_by_address() -> Result<()> {
    let app = App::specimens(&[ONE_A_DAY]).await?;
    assert_eq!(status(&app).bearer(&app.token("alice", &["acme"])).send().await?.verdict(), "200");
    let refused = status(&app).bearer(&app.token("bob", &["acme"])).send().await?;
    assert_eq!(refused.verdict(), "429 RATE_LIMITED");
    Ok(())
}

#[tokio::test]
async fn whoever_has_a_valid_token_is_signed_in() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let (alice, nobodys) = (app.token("alice", &["acme"]), app.token("bob", &[]));
    for (draft, verdict) in [
        (draft(&app), "401 UNAUTHORIZED"),
        (draft(&app).bearer("garbage"), "401 UNAUTHORIZED"),
        (draft(&app).bearer(&alice), "201"),
        (draft(&app).bearer(&nobodys), "201"),
        (draft(&app).cookie(&nobodys), "201"),
        (draft(&app).cookie(&nobodys).header("sec-fetch-site", "cross-site"), "403 CROSS_SITE_REQUEST"),
    ] {
        assert_eq!(draft.send().await?.verdict(), verdict);
    }
    Ok(())
}

#[tokio::test]
async fn what_is_signed_in_is_counted_by_user() -> Result<()> {
    let app = App::specimens(&[ONE_A_DAY]).await?;
    for (user, verdict) in [("alice", "201"), ("bob", "201"), ("alice", "429 RATE_LIMITED")] {
        let answer = draft(&app).bearer(&app.token(user, &[])).send().await?;
        assert_eq!((answer.verdict().as_str(), answer.quota().map(|quota| quota.0)), (verdict, Some(0)));
    }
    Ok(())
}

#[tokio::test]
async fn a_key_of_a_user_belongs_to_no_organization() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let mut ids = Vec::new();
    for (user, organizations, replayed) in
        [("acme", &["acme"][..], ""), ("acme", &[], "true"), ("bob", &["acme"], "")]
    {
        let answer = draft(&app).key("key").bearer(&app.token(user, organizations)).send().await?;
        assert_eq!((answer.verdict().as_str(), answer.header("idempotency-replayed")), ("201", replayed));
        ids.push(answer.json()["data"]["id"].clone());
    }
    assert!(ids[0] == ids[1] && ids[0] != ids[2], "{ids:?}");
    let other = app.client.post("/v1/drafts").key("key").json(&json!({"name": "Gemini"}));
    let refused = other.bearer(&app.token("acme", &[])).send().await?;
    assert_eq!(refused.verdict(), "422 UNPROCESSABLE_ENTITY");
    let records = app.rows("NotesTable", "IDEMPOTENCY#").await?;
    let mut partitions: Vec<_> = records.iter().filter_map(|record| record["pk"].as_str()).collect();
    partitions.sort_unstable();
    assert_eq!(partitions, ["USER#acme", "USER#bob"]);
    Ok(())
}

#[tokio::test]
async fn a_role_counts_in_its_own_organization() -> Result<()> {
    let app = App::specimens(&[("AUTH_ROLES_CLAIM", "roles")]).await?;
    for (changes, verdict) in [
        (json!({}), "403 FORBIDDEN"),
        (json!({"roles": ["owner", "Admin"]}), "403 FORBIDDEN"),
        (json!({"roles": ["admin"], "organizations": ["umbrella"]}), "403 FORBIDDEN"),
        (json!({"organizations": {"acme": "member", "umbrella": "admin"}}), "403 FORBIDDEN"),
        (json!({"organizations": {"acme": "admin"}}), "204"),
        (json!({"roles": ["admin"]}), "204"),
    ] {
        app.tap.clear();
        let put = app.client.request("PUT", "/v1/orgs/acme/motto").bearer(&token(&changes)?);
        let answer = put.json(&json!({"name": "Per aspera"})).send().await?;
        assert_eq!(answer.verdict(), verdict, "{changes}");
        assert_eq!(app.tap.calls().len() > 1, verdict == "204", "{changes}: {:?}", app.tap.calls());
    }
    assert_eq!(app.rows("NotesTable", "MOTTO").await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_table_alone_says_who_is_a_member() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let row = json!({"pk": "USER#alice", "sk": "MEMBER#umbrella"});
    app.put_row("NotesTable", &row).await?;
    for (user, organization, verdict) in [
        ("alice", "umbrella", "200"),
        ("alice", "acme", "403 FORBIDDEN"),
        ("bob", "umbrella", "403 FORBIDDEN"),
        ("umbrella", "alice", "403 FORBIDDEN"),
    ] {
        let path = format!("/v1/orgs/{organization}/holders");
        let answer = app.request_of(user, &["acme"], "GET", &path).send().await?;
        assert_eq!(answer.verdict(), verdict, "{user} in {organization}");
    }
    let _outage = app.tap.fail(Calls::of("GetItem"), Fault::Broken);
    let answer = app.as_alice("GET", "/v1/orgs/umbrella/holders").send().await?;
    assert_eq!(answer.verdict(), DOWN);
    Ok(())
}
