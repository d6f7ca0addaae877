//! Lists: limits, cursors, and failing storage.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testing::{App, Response, notes};

use crate::issues;

/// Creates two notes and returns the cursor after the first page.
async fn with_cursor(app: &App, organization: &str) -> Result<String> {
    for name in ["Apollo", "Gemini"] {
        app.new_item(organization, name).await?;
    }
    let path = format!("/v1/orgs/{organization}/notes?limit=1");
    let response = app.request_of("alice", &[organization], "GET", &path).send().await?;
    Ok(response.json()["data"]["nextCursor"].as_str().unwrap_or_default().to_owned())
}

fn names(response: &Response) -> Vec<String> {
    let body = response.json();
    let notes = body["data"]["notes"].as_array().into_iter().flatten();
    notes.filter_map(|note| note["name"].as_str().map(str::to_owned)).collect()
}

/// Creates `count` notes in `acme` and returns their names, newest first.
async fn fill(app: &App, count: usize) -> Result<Vec<String>> {
    let names: Vec<_> = (0..count).map(|turn| format!("Note {turn}")).collect();
    for name in &names {
        app.new_item("acme", name).await?;
    }
    Ok(names.into_iter().rev().collect())
}

/// Names of the notes of `acme`, by page.
async fn pages(app: &App, limit: usize) -> Result<Vec<Vec<String>>> {
    let (mut pages, mut query) = (Vec::new(), format!("?limit={limit}"));
    loop {
        let response = app.list(&query).await?;
        assert_eq!(response.status, 200);
        pages.push(names(&response));
        match &response.json()["data"]["nextCursor"] {
            Value::String(cursor) => query = format!("?limit={limit}&cursor={cursor}"),
            end => {
                assert_eq!(*end, Value::Null);
                return Ok(pages);
            }
        }
    }
}

#[tokio::test]
async fn limit_is_an_integer_from_1_to_100() -> Result<()> {
    let app = App::specimens(&[]).await?;
    for query in ["?limit=1", "?limit=100", "?unknown=1&limit=20", "?", ""] {
        assert_eq!(app.list(query).await?.status, 200, "{query}");
    }
    for (query, issue) in [
        ("?limit=0", "limit too_small"),
        ("?limit=-1", "limit too_small"),
        ("?limit=101", "limit too_big"),
        ("?limit=99999999999999999999999999999999999999999999", "limit too_big"),
        ("?limit=abc", "limit invalid_type"),
        ("?limit=1.5", "limit invalid_type"),
        ("?limit=1e1", "limit invalid_type"),
        ("?limit=0x10", "limit invalid_type"),
        ("?limit=%2010", "limit invalid_type"),
        ("?limit=", "limit invalid_type"),
        ("?limit", "limit invalid_type"),
        ("?limit=10&limit=20", "limit invalid_type"),
    ] {
        let response = app.list(query).await?;
        let found = (response.status_and_code(), issues(&response));
        assert_eq!(found, ("400 VALIDATION_ERROR".to_owned(), vec![issue.to_owned()]), "{query}");
    }
    Ok(())
}

#[tokio::test]
async fn oversized_limit_is_told_the_maximum() -> Result<()> {
    let app = App::specimens(&[]).await?;
    for limit in ["101", "9223372036854775808", "99999999999999999999999999999999999999999999"] {
        let response = app.list(&format!("?limit={limit}")).await?.json();
        let message = &response["error"]["issues"][0]["message"];
        assert_eq!(message, "Too big: expected number to be <=100", "{limit}");
    }
    Ok(())
}

#[tokio::test]
async fn foreign_or_malformed_cursor_is_400() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let cursor = with_cursor(&app, "acme").await?;
    let foreign = with_cursor(&app, "umbrella").await?;
    let other = if cursor.starts_with('A') { "B" } else { "A" };
    let mangled = [
        String::new(),
        foreign,
        format!("{other}{}", &cursor[1..]),
        cursor[..cursor.len() - 1].to_owned(),
        format!("{cursor}A"),
        format!("{cursor}%3D"),
        format!("%20{cursor}"),
        cursor.to_uppercase() + "!",
        "%FF%FE".to_owned(),
        "x".repeat(4000),
    ];
    for cursor in mangled {
        let response = app.list(&format!("?cursor={cursor}")).await?;
        assert_eq!(
            (response.status_and_code().as_str(), response.field().as_str()),
            ("400 VALIDATION_ERROR", "cursor"),
            "{cursor}"
        );
    }
    assert_eq!(app.list(&format!("?cursor={cursor}")).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn issues_of_limit_and_cursor_are_combined() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let response = app.list("?cursor=&limit=0").await?;
    assert_eq!(issues(&response), ["limit too_small", "cursor invalid_format"]);
    Ok(())
}

#[tokio::test]
async fn list_ignores_idempotency_keys() -> Result<()> {
    let app = App::specimens(&[]).await?;
    for key in ["key", "key", "", "not a key"] {
        let response = app.as_alice("GET", "/v1/orgs/acme/notes").key(key).send().await?;
        assert_eq!((response.status, response.header("idempotency-replayed")), (200, ""), "{key}");
    }
    Ok(())
}

#[tokio::test]
async fn list_without_storage_is_503() -> Result<()> {
    for on_error in ["allow", "deny"] {
        let nowhere = ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9");
        let app = App::specimens(&[nowhere, ("RATE_LIMIT_ON_ERROR", on_error)]).await?;
        assert_eq!(app.list("").await?.status_and_code(), "503 SERVICE_UNAVAILABLE", "{on_error}");
    }
    Ok(())
}

#[tokio::test]
async fn unreadable_row_is_500_with_logged_cause() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let id = app.new_item("acme", "Apollo").await?;
    let mut row = app.rows("NotesTable", "NOTE").await?.remove(0);
    row["createdAt"] = json!("yesterday, at about /var/task/noon");
    app.put_row("NotesTable", &row).await?;
    let response = app.as_alice("GET", &format!("/v1/orgs/acme/notes/{id}")).send().await?;
    assert_eq!(response.status_and_code(), "500 INTERNAL_ERROR");
    assert!(!String::from_utf8_lossy(&response.body).contains("createdAt"));
    let line = app.stack.log_with("specimens", response.header("x-request-id")).await.unwrap_or_default();
    let line: Value = serde_json::from_str(&line)?;
    assert_eq!((&line["level"], &line["code"]), (&json!("ERROR"), &json!("INTERNAL_ERROR")));
    assert!(line["error"].as_str().is_some_and(|cause| cause.contains("createdAt")));
    Ok(())
}

#[tokio::test]
async fn list_skips_and_logs_unreadable_rows() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let ids = [app.new_item("acme", "Apollo").await?, app.new_item("acme", "Gemini").await?];
    app.new_item("acme", "Mercury").await?;
    let rows = app.rows("NotesTable", "NOTE").await?;
    for (id, attribute, value) in
        [(&ids[0], "createdAt", json!("yesterday")), (&ids[1], "rowFormat", json!(2))]
    {
        let mut row = rows.iter().find(|row| row["id"] == **id).context("the row is there")?.clone();
        row[attribute] = value;
        app.put_row("NotesTable", &row).await?;
    }
    assert_eq!(names(&app.list("").await?), ["Mercury"]);
    let page = app.list("?limit=1").await?;
    let cursor = page.json()["data"]["nextCursor"].as_str().unwrap_or_default().to_owned();
    assert_eq!(names(&app.list(&format!("?limit=2&cursor={cursor}")).await?), Vec::<String>::new());
    for id in ids {
        let line = app.stack.log_with("specimens", &id).await.context("the key is logged")?;
        let line: Value = serde_json::from_str(&line)?;
        assert_eq!(
            (&line["level"], &line["pk"], &line["sk"]),
            (&json!("ERROR"), &json!("ORG#acme#NOTE"), &json!(id))
        );
    }
    Ok(())
}

#[tokio::test]
async fn separators_in_ids_do_not_leave_organizations() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let nested = "acme#NOTE";
    app.new_item_at(nested, "acme%23NOTE", "Apollo").await?;
    app.new_item("acme", "Gemini").await?;
    assert_eq!(names(&app.list("").await?), ["Gemini"]);
    let list = app.request_of("alice", &[nested], "GET", &notes("acme%23NOTE")).send().await?;
    assert_eq!(names(&list), ["Apollo"]);
    Ok(())
}

#[tokio::test]
async fn pages_are_newest_first_and_complete() -> Result<()> {
    let app = App::specimens(&[]).await?;
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
async fn cursor_continues_despite_new_limit_and_items() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let all = fill(&app, 5).await?;
    let first = app.list("?limit=2").await?;
    assert_eq!(names(&first), all[..2]);
    app.new_item("acme", "Late").await?;
    let cursor = first.json()["data"]["nextCursor"].as_str().unwrap_or_default().to_owned();
    for (limit, expected) in [(1, &all[2..3]), (3, &all[2..]), (100, &all[2..])] {
        assert_eq!(names(&app.list(&format!("?cursor={cursor}&limit={limit}")).await?), *expected);
    }
    Ok(())
}

#[tokio::test]
async fn similar_organization_ids_stay_separate() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let ids = [
        "a", "A", "a b", "a+b", "a%2Fb", "a#b", "a#", "a?b=c", "ü", "u\u{308}", "...", "日本", "ORG#a",
        "a\\b", "{orgId}",
    ];
    // Every byte is escaped, because some characters have a meaning in a path.
    let path = |id: &str| notes(&id.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat());
    for id in ids {
        let request = app.request_of("alice", &ids, "POST", &path(id)).json(&json!({ "name": "Apollo" }));
        assert_eq!(request.send().await?.status_and_code(), "201", "{id}");
    }
    for id in ids {
        let response = app.request_of("alice", &ids, "GET", &path(id)).send().await?;
        let found = response.json()["data"]["notes"].clone();
        assert_eq!((found.as_array().map(Vec::len), &found[0]["orgId"]), (Some(1), &json!(id)));
        let stranger = app.request_of("bob", &[&format!("{id} ")], "GET", &path(id)).send().await?;
        assert_eq!(stranger.status_and_code(), "403 FORBIDDEN", "{id}");
    }
    Ok(())
}

#[tokio::test]
async fn new_item_is_immediately_visible_to_members() -> Result<()> {
    let app = App::specimens(&[]).await?;
    for turn in 0..10 {
        let name = format!("Note {turn}");
        app.new_item("acme", &name).await?;
        let response = app.request_of("bob", &["umbrella", "acme"], "GET", &notes("acme")).send().await?;
        assert_eq!(names(&response).first(), Some(&name));
    }
    Ok(())
}

#[tokio::test]
async fn cursor_is_bound_to_its_list() -> Result<()> {
    let app = App::specimens(&[]).await?;
    let of_notes = with_cursor(&app, "acme").await?;
    app.put_row("NotesTable", &json!({"pk": "USER#alice#MEMBER#acme", "sk": "#"})).await?;
    let holders = |query: &str| app.as_alice("GET", &format!("/v1/orgs/acme/holders?limit=1{query}"));
    let first = holders("").send().await?;
    let of_holders = first.json()["data"]["nextCursor"].as_str().unwrap_or_default().to_owned();
    let foreign = [
        holders(&format!("&cursor={of_notes}")).send().await?,
        app.list(&format!("?cursor={of_holders}")).await?,
    ];
    for response in foreign {
        assert_eq!(
            (response.status_and_code().as_str(), response.field().as_str()),
            ("400 VALIDATION_ERROR", "cursor")
        );
    }
    let last = holders(&format!("&cursor={of_holders}")).send().await?;
    assert_eq!((last.status, &last.json()["data"]["nextCursor"]), (200, &Value::Null));
    assert_ne!(last.json()["data"]["ids"], first.json()["data"]["ids"]);
    Ok(())
}

/// Returns a cursor to any place, made like those of the service. Cursors are not secret, so callers can do the same.
fn forged(place: &str) -> String {
    let mut hash = Sha256::new();
    for part in ["ORG#acme#NOTE", place] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode([&hash.finalize()[..8], place.as_bytes()].concat())
}

#[tokio::test]
async fn forged_cursor_is_400_or_a_position() -> Result<()> {
    let app = App::specimens(&[]).await?;
    with_cursor(&app, "acme").await?;
    assert_eq!(names(&app.list(&format!("?cursor={}", forged("ffff"))).await?), ["Gemini", "Apollo"]);
    assert_eq!(app.list(&format!("?cursor={}", forged("a\0#\u{e9}"))).await?.status, 200);
    let beyond_a_key = app.list(&format!("?cursor={}", forged(&"a".repeat(1_100)))).await?;
    assert_eq!(beyond_a_key.status_and_code(), "400 VALIDATION_ERROR");
    assert_eq!(issues(&beyond_a_key), ["cursor invalid_format"]);
    Ok(())
}
