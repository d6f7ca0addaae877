//! What a caller gets for listing projects, page by page.

use anyhow::Result;
use serde_json::{Value, json};
use testing::{Answer, App, FORM, PNG, files, form, projects};

fn names(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let projects = body["data"]["projects"].as_array().into_iter().flatten();
    projects.filter_map(|project| project["name"].as_str().map(str::to_owned)).collect()
}

/// Fills `acme` with so many projects, and gives their names, newest first.
async fn fill(app: &App, count: usize) -> Result<Vec<String>> {
    let names: Vec<_> = (0..count).map(|turn| format!("Project {turn}")).collect();
    for name in &names {
        app.new_project("acme", name).await?;
    }
    Ok(names.into_iter().rev().collect())
}

/// All pages of `acme`, as each page's names.
async fn pages(app: &App, limit: usize) -> Result<Vec<Vec<String>>> {
    let (mut pages, mut query) = (Vec::new(), format!("?limit={limit}"));
    loop {
        let answer = app.list(&query).await?;
        assert_eq!(answer.status, 200);
        pages.push(names(&answer));
        match &answer.json()["data"]["nextCursor"] {
            Value::String(cursor) => query = format!("?limit={limit}&cursor={cursor}"),
            end => {
                assert_eq!(*end, Value::Null);
                return Ok(pages);
            }
        }
    }
}

#[tokio::test]
async fn an_empty_organization_has_an_empty_list_that_ends() -> Result<()> {
    let app = App::start(&[]).await?;
    let answer = app.list("").await?;
    assert_eq!((answer.status, answer.json()), (200, json!({"data": {"projects": [], "nextCursor": null}})));
    Ok(())
}

#[tokio::test]
async fn a_listed_project_is_what_its_creation_was_answered_with() -> Result<()> {
    let app = App::start(&[]).await?;
    let bare = app.create("Apollo").await?.json()["data"].clone();
    let body = json!({"name": "Gemini", "description": "Two by two", "color": "#112233"});
    let full = app.as_alice("POST", &projects("acme")).json(&body).send().await?.json()["data"].clone();
    assert_eq!(app.list("").await?.json()["data"]["projects"], json!([full, bare]));
    Ok(())
}

#[tokio::test]
async fn nothing_but_projects_is_listed() -> Result<()> {
    let app = App::start(&[]).await?;
    let draft = app.as_alice("POST", &projects("acme")).key("key").json(&json!({"name": "Apollo"}));
    let project = draft.send().await?.json()["data"]["id"].as_str().unwrap_or_default().to_owned();
    let draft = app.as_alice("POST", &files("acme", &project)).key("key");
    assert_eq!(draft.body(FORM, form("a.png", "image/png", PNG)).send().await?.status, 201);
    assert_eq!(names(&app.list("").await?), ["Apollo"]);
    Ok(())
}

#[tokio::test]
async fn pages_are_newest_first_without_gaps_or_doubles_and_end_exactly() -> Result<()> {
    let app = App::start(&[]).await?;
    let all = fill(&app, 45).await?;
    for (limit, sizes) in [
        (20, vec![20, 20, 5]),
        (15, vec![15; 3]),
        (45, vec![45]),
        (44, vec![44, 1]),
        (100, vec![45]),
        (9, vec![9; 5]),
    ] {
        let pages = pages(&app, limit).await?;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), sizes, "{limit}");
        assert_eq!(pages.concat(), all, "{limit}");
    }
    assert_eq!(names(&app.list("").await?), all[..20]);
    Ok(())
}

#[tokio::test]
async fn a_cursor_goes_on_from_its_place_whatever_the_limit_and_whatever_is_new() -> Result<()> {
    let app = App::start(&[]).await?;
    let all = fill(&app, 5).await?;
    let first = app.list("?limit=2").await?;
    assert_eq!(names(&first), all[..2]);
    app.new_project("acme", "Late").await?;
    let cursor = first.json()["data"]["nextCursor"].as_str().unwrap_or_default().to_owned();
    for (limit, expected) in [(1, &all[2..3]), (3, &all[2..]), (100, &all[2..])] {
        assert_eq!(names(&app.list(&format!("?cursor={cursor}&limit={limit}")).await?), *expected);
    }
    Ok(())
}

#[tokio::test]
async fn organizations_whose_ids_look_alike_stay_apart() -> Result<()> {
    let app = App::start(&[]).await?;
    let ids = [
        "a", "A", "a b", "a+b", "a%2Fb", "a#b", "a#", "a?b=c", "ü", "u\u{308}", "...", "日本", "ORG#a",
        "a\\b", "{orgId}",
    ];
    // Every byte is escaped, so that no character has a meaning of its own in the path.
    let path =
        |id: &str| projects(&id.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat());
    for id in ids {
        let draft = app.request_of("alice", &ids, "POST", &path(id)).json(&json!({ "name": "Apollo" }));
        assert_eq!(draft.send().await?.verdict(), "201", "{id}");
    }
    for id in ids {
        let answer = app.request_of("alice", &ids, "GET", &path(id)).send().await?;
        let found = answer.json()["data"]["projects"].clone();
        assert_eq!((found.as_array().map(Vec::len), &found[0]["orgId"]), (Some(1), &json!(id)));
        let stranger = app.request_of("bob", &[&format!("{id} ")], "GET", &path(id)).send().await?;
        assert_eq!(stranger.verdict(), "403 FORBIDDEN", "{id}");
    }
    Ok(())
}

#[tokio::test]
async fn a_new_project_is_there_at_once_for_every_member() -> Result<()> {
    let app = App::start(&[]).await?;
    for turn in 0..10 {
        let name = format!("Project {turn}");
        app.new_project("acme", &name).await?;
        let answer = app.request_of("bob", &["umbrella", "acme"], "GET", &projects("acme")).send().await?;
        assert_eq!(names(&answer).first(), Some(&name));
    }
    Ok(())
}
