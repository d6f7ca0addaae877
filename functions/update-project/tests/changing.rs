//! Changes of projects: fields, versions, names.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::{Value, json};
use testing::{App, RequestBuilder, Response, projects, send_concurrently};

const MERGE_PATCH: &str = "application/merge-patch+json";

fn patch(app: &App, path: &str, change: &Value) -> RequestBuilder {
    app.as_alice("PATCH", path).body(MERGE_PATCH, change.to_string())
}

/// Creates a project and returns its path.
async fn created(app: &App, name: &str) -> Result<String> {
    Ok(app.create(name).await?.header("location").to_owned())
}

fn issues(response: &Response) -> Vec<String> {
    response.issues().iter().map(|(path, code)| format!("{path} {code}")).collect()
}

#[tokio::test]
async fn change_touches_only_the_sent_fields() -> Result<()> {
    let app = App::start(&[]).await?;
    let new = json!({"name": "Apollo", "description": "To the moon", "color": "#112233"});
    let before = app.as_alice("POST", &projects("acme")).json(&new).send().await?;
    let path = before.header("location").to_owned();
    let after = patch(&app, &path, &json!({"color": null, "description": "And back"})).send().await?;
    assert_eq!((after.status, after.header("etag")), (200, "\"2\""));
    let (before, after) = (before.json()["data"].clone(), after.json()["data"].clone());
    let mut expected = before.clone();
    expected["description"] = json!("And back");
    expected["version"] = json!(2);
    expected["updatedAt"] = after["updatedAt"].clone();
    expected.as_object_mut().map(|project| project.remove("color"));
    assert_eq!(after, expected);
    assert!(after["updatedAt"].as_str() >= before["updatedAt"].as_str());
    assert_eq!(app.as_alice("GET", &path).send().await?.json()["data"], after);
    Ok(())
}

#[tokio::test]
async fn change_without_effect_keeps_the_version() -> Result<()> {
    let app = App::start(&[]).await?;
    let path = created(&app, "Apollo").await?;
    let before = app.as_alice("GET", &path).send().await?;
    for change in [json!({}), json!({"name": "Apollo"}), json!({"name": " Apollo "}), json!({"other": 1})] {
        let same = patch(&app, &path, &change).send().await?;
        assert_eq!((same.status, &same.body, same.header("etag")), (200, &before.body, "\"1\""), "{change}");
    }
    Ok(())
}

#[tokio::test]
async fn plain_json_is_a_merge_patch_too() -> Result<()> {
    let app = App::start(&[]).await?;
    let path = created(&app, "Apollo").await?;
    let changed = app.as_alice("PATCH", &path).json(&json!({"name": "Gemini"})).send().await?;
    assert_eq!((changed.status, &changed.json()["data"]["name"]), (200, &json!("Gemini")));
    let other = app.as_alice("PATCH", &path).body("application/json-patch+json", "[]").send().await?;
    assert_eq!(other.status_and_code(), "415 UNSUPPORTED_MEDIA_TYPE");
    Ok(())
}

#[tokio::test]
async fn broken_rules_are_named_together() -> Result<()> {
    let app = App::start(&[]).await?;
    let path = created(&app, "Apollo").await?;
    for (change, expected) in [
        (json!({"name": null}), vec!["name invalid_type"]),
        (json!({"name": " "}), vec!["name too_small"]),
        (json!({"name": "x".repeat(101)}), vec!["name too_big"]),
        (
            json!({"name": 1, "description": "x".repeat(501), "color": "red"}),
            vec!["name invalid_type", "description too_big", "color invalid_format"],
        ),
    ] {
        let refused = patch(&app, &path, &change).send().await?;
        assert_eq!(refused.status_and_code(), "400 VALIDATION_ERROR", "{change}");
        assert_eq!(issues(&refused), expected, "{change}");
    }
    assert_eq!(app.as_alice("GET", &path).send().await?.header("etag"), "\"1\"");
    Ok(())
}

#[tokio::test]
async fn other_version_is_409_with_the_current_one() -> Result<()> {
    let app = App::start(&[]).await?;
    let path = created(&app, "Apollo").await?;
    let change = json!({"color": "#445566"});
    for matching in ["\"1\"", "*, ", "\"7\", \"1\""] {
        let refused = patch(&app, &path, &change).header("if-match", matching).send().await?;
        let expected = if matching == "\"1\"" {
            200
        } else if matching == "*, " {
            400
        } else {
            409
        };
        assert_eq!(refused.status, expected, "{matching}: {refused:?}");
        if expected == 409 {
            assert_eq!(
                (refused.header("etag"), &refused.json()["error"]["field"]),
                ("\"2\"", &json!("version"))
            );
        }
    }
    let any = patch(&app, &path, &json!({"color": null})).header("if-match", "*").send().await?;
    assert_eq!((any.status, any.header("etag")), (200, "\"3\""));
    Ok(())
}

#[tokio::test]
async fn one_of_twenty_changes_of_one_version_succeeds() -> Result<()> {
    let app = App::start(&[("RATE_LIMIT", "1000/10s")]).await?;
    let path = created(&app, "Apollo").await?;
    // A change of the name too, because its writes must not hide the version.
    let change = |turn: usize| {
        let change = json!({"description": turn.to_string(), "name": "Gemini"});
        patch(&app, &path, &change).header("if-match", "\"1\"")
    };
    let responses = send_concurrently((0..20).map(change)).await?;
    let (made, refused): (Vec<_>, Vec<_>) = responses.iter().partition(|response| response.status == 200);
    assert_eq!((made.len(), refused.len()), (1, 19));
    for response in refused {
        assert_eq!((response.status_and_code().as_str(), response.header("etag")), ("409 CONFLICT", "\"2\""));
        assert_eq!(response.field(), "version");
    }
    assert_eq!(app.as_alice("GET", &path).send().await?.body, made[0].body);
    Ok(())
}

#[tokio::test]
async fn concurrent_changes_of_any_version_lose_nothing() -> Result<()> {
    let app = App::start(&[]).await?;
    let path = created(&app, "Apollo").await?;
    let changes =
        [json!({"color": "#445566"}), json!({"description": "To the moon"}), json!({"name": "Gemini"})];
    for response in send_concurrently(changes.iter().map(|change| patch(&app, &path, change))).await? {
        assert_eq!(response.status, 200, "{response:?}");
    }
    let project = app.as_alice("GET", &path).send().await?.json()["data"].clone();
    let fields = ["name", "description", "color", "version"].map(|field| project[field].clone());
    assert_eq!(fields, [json!("Gemini"), json!("To the moon"), json!("#445566"), json!(4)]);
    Ok(())
}

#[tokio::test]
async fn new_name_frees_the_old_one() -> Result<()> {
    let app = App::start(&[]).await?;
    let path = created(&app, "Apollo").await?;
    created(&app, "Mercury").await?;
    let taken = patch(&app, &path, &json!({"name": "MERCURY"})).send().await?;
    assert_eq!((taken.status_and_code().as_str(), taken.field()), ("409 CONFLICT", "name".to_owned()));
    assert_eq!(patch(&app, &path, &json!({"name": "Gemini"})).send().await?.status, 200);
    assert_eq!(app.create("Apollo").await?.status, 201, "the old name is free");
    assert_eq!(app.create("gemini").await?.status_and_code(), "409 CONFLICT", "the new name is taken");
    Ok(())
}

#[tokio::test]
async fn equal_name_in_other_spelling_is_a_change() -> Result<()> {
    let app = App::start(&[]).await?;
    let path = created(&app, "Apollo").await?;
    let renamed = patch(&app, &path, &json!({"name": "APOLLO"})).send().await?;
    assert_eq!((renamed.status, renamed.header("etag")), (200, "\"2\""));
    assert_eq!(app.create("apollo").await?.status_and_code(), "409 CONFLICT");
    Ok(())
}

#[tokio::test]
async fn one_of_concurrent_renames_gets_the_name() -> Result<()> {
    let app = App::start(&[("RATE_LIMIT", "1000/10s")]).await?;
    let mut paths = Vec::new();
    for turn in 0..8 {
        paths.push(created(&app, &format!("Apollo {turn}")).await?);
    }
    let renames = paths.iter().map(|path| patch(&app, path, &json!({"name": "Gemini"})));
    let statuses: Vec<_> = send_concurrently(renames).await?.iter().map(Response::status_and_code).collect();
    assert_eq!(statuses.iter().filter(|status| *status == "200").count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| ["200", "409 CONFLICT"].contains(&status.as_str())), "{statuses:?}");
    let names = app.rows("ProjectsTable", "NAME").await?;
    let holders: BTreeSet<_> = names.iter().filter_map(|row| row["id"].as_str()).collect();
    assert_eq!((names.len(), holders.len()), (8, 8), "each project has one name");
    Ok(())
}

#[tokio::test]
async fn foreign_or_unknown_project_is_404() -> Result<()> {
    let app = App::start(&[]).await?;
    let id = app.new_item("umbrella", "Apollo").await?;
    for other in [id.as_str(), "01900000-0000-7000-8000-000000000000", "7"] {
        let path = format!("{}/{other}", projects("acme"));
        let refused = patch(&app, &path, &json!({"name": "Gemini"})).send().await?;
        assert_eq!(refused.status_and_code(), "404 NOT_FOUND", "{other}");
    }
    Ok(())
}

#[tokio::test]
async fn change_needs_one_read_and_one_transaction() -> Result<()> {
    let app = App::start(&[]).await?;
    let path = created(&app, "Apollo").await?;
    for change in [json!({"color": "#445566"}), json!({"name": "Gemini"})] {
        app.proxy.clear();
        assert_eq!(patch(&app, &path, &change).send().await?.status, 200);
        let mut calls: Vec<_> = app.proxy.calls().into_iter().map(|call| call.operation).collect();
        calls.sort_unstable();
        assert_eq!(calls, ["GetItem", "TransactWriteItems", "UpdateItem"], "{change}");
    }
    Ok(())
}
