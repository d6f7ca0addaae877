//! Created projects, through the real binary and real emulators.

use anyhow::Result;
use serde_json::{Value, json};
use testing::{App, projects, send_concurrently};

#[tokio::test]
async fn response_has_project_location_and_etag() -> Result<()> {
    let app = App::start(&[]).await?;
    let body = json!({"name": "  Apollo ", "description": "To the moon", "color": "#AABBcc", "admin": true});
    let response = app.as_alice("POST", &projects("acme")).json(&body).send().await?;
    assert_eq!(response.status, 201);
    let project = &response.json()["data"];
    let id = project["id"].as_str().unwrap_or_default();
    assert_eq!(response.header("location"), format!("/v1/orgs/acme/projects/{id}"));
    assert_eq!(response.header("etag"), "\"1\"");
    let time = project["createdAt"].clone();
    let expected = json!({
        "id": id, "orgId": "acme", "name": "Apollo", "description": "To the moon", "color": "#AABBcc", "version": 1,
        "createdBy": "alice", "createdAt": time, "updatedAt": time,
    });
    assert_eq!(*project, expected);
    Ok(())
}

#[tokio::test]
async fn times_have_milliseconds_and_ids_sort_by_time() -> Result<()> {
    let app = App::start(&[]).await?;
    let (first, second) = (app.create("First").await?.json(), app.create("Second").await?.json());
    let time = first["data"]["createdAt"].as_str().unwrap_or_default().to_owned();
    let shape: String =
        time.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000Z");
    assert!(first["data"]["id"].as_str() < second["data"]["id"].as_str());
    Ok(())
}

#[tokio::test]
async fn absent_optional_fields_are_omitted() -> Result<()> {
    let app = App::start(&[]).await?;
    let response = app.create("Apollo").await?;
    let keys: Vec<_> =
        response.json()["data"].as_object().into_iter().flat_map(|data| data.keys().cloned()).collect();
    assert_eq!(keys, ["createdAt", "createdBy", "id", "name", "orgId", "updatedAt", "version"]);
    Ok(())
}

#[tokio::test]
async fn unknown_body_fields_are_ignored() -> Result<()> {
    let app = App::start(&[]).await?;
    let body = json!({
        "name": "Apollo", "orgId": "umbrella", "organization": "umbrella", "organizations": ["umbrella"],
        "id": "1", "version": 9, "createdBy": "bob", "createdAt": "2000-01-01T00:00:00.000Z",
    });
    let response =
        app.request_of("alice", &["acme", "umbrella"], "POST", &projects("acme")).json(&body).send().await?;
    let project = response.json()["data"].clone();
    assert_eq!(
        [&project["orgId"], &project["createdBy"], &project["version"]],
        [&json!("acme"), &json!("alice"), &json!(1)]
    );
    let foreign = app.request_of("bob", &["umbrella"], "GET", &projects("umbrella")).send().await?;
    assert_eq!(foreign.json()["data"]["projects"], json!([]));
    Ok(())
}

#[tokio::test]
async fn equivalent_names_conflict() -> Result<()> {
    let app = App::start(&[]).await?;
    for (name, same) in [
        ("Apollo", " aPOLLO\t"),
        ("Straße", "STRASSE"),
        ("Hermes", "Hermes\u{a0}\u{ad}"),
        ("Hera", "\u{200b} He\u{7}ra\u{2800}"),
        ("Caf\u{e9}", "CAFE\u{301}"),
        ("ΟΔΟΣ", "οδος"),
        ("Ｏﬃce２", "office2"),
        ("Zero", "Ze\u{200b}ro\u{ad}"),
    ] {
        assert_eq!(app.create(name).await?.status, 201, "{name}");
        let response = app.create(same).await?;
        assert_eq!(
            (response.status_and_code(), response.field()),
            ("409 CONFLICT".to_owned(), "name".to_owned()),
            "{same}"
        );
    }
    assert_eq!(app.list("").await?.json()["data"]["projects"].as_array().map(Vec::len), Some(8));
    Ok(())
}

#[tokio::test]
async fn names_are_unique_per_organization() -> Result<()> {
    let app = App::start(&[]).await?;
    for organization in ["acme", "umbrella", "ACME"] {
        app.new_item(organization, "Apollo").await?;
    }
    Ok(())
}

#[tokio::test]
async fn length_limits_are_inclusive_and_count_characters() -> Result<()> {
    let app = App::start(&[]).await?;
    let name = "🚀".repeat(100);
    let body = json!({"name": format!(" {name} "), "description": "é".repeat(500)});
    let response = app.as_alice("POST", &projects("acme")).json(&body).send().await?;
    assert_eq!(response.json()["data"]["name"], name);
    let short = json!({"name": "é", "description": "", "color": "#000000"});
    assert_eq!(app.as_alice("POST", &projects("acme")).json(&short).send().await?.status_and_code(), "201");
    Ok(())
}

#[tokio::test]
async fn concurrent_creates_of_one_name_succeed_once() -> Result<()> {
    let app = App::start(&[]).await?;
    let names = (0..20).map(|turn| if turn % 2 == 0 { "Apollo" } else { "APOLLO" });
    let calls = names.map(|name| app.as_alice("POST", &projects("acme")).json(&json!({ "name": name })));
    let mut statuses = Vec::new();
    for response in send_concurrently(calls).await? {
        statuses.push(response.status);
        if response.status != 201 {
            assert_eq!(
                (response.code().as_str(), &response.json()["error"]["field"]),
                ("CONFLICT", &Value::from("name"))
            );
        }
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![201], vec![409; 19]].concat());
    Ok(())
}
