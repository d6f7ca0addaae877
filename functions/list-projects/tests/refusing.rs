//! Lists that can't be given: bad parameters, and storage that fails.

use anyhow::Result;
use serde_json::{Value, json};
use testing::App;

/// Two projects, so that there is a cursor, and that cursor.
async fn with_cursor(app: &App, organization: &str) -> Result<String> {
    for name in ["Apollo", "Gemini"] {
        app.new_project(organization, name).await?;
    }
    let path = format!("/v1/orgs/{organization}/projects?limit=1");
    let answer = app.request_of("alice", &[organization], "GET", &path).send().await?;
    Ok(answer.json()["data"]["nextCursor"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_limit_is_a_whole_number_from_1_to_100() -> Result<()> {
    let app = App::start(&[]).await?;
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
        let answer = app.list(query).await?;
        let issues: Vec<_> = answer.issues().iter().map(|(path, code)| format!("{path} {code}")).collect();
        assert_eq!(
            (answer.verdict().as_str(), issues),
            ("400 VALIDATION_ERROR", vec![issue.to_owned()]),
            "{query}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_limit_of_any_size_is_told_the_largest() -> Result<()> {
    let app = App::start(&[]).await?;
    for limit in ["101", "9223372036854775808", "99999999999999999999999999999999999999999999"] {
        let answer = app.list(&format!("?limit={limit}")).await?.json();
        let message = &answer["error"]["issues"][0]["message"];
        assert_eq!(message, "Too big: expected number to be <=100", "{limit}");
    }
    Ok(())
}

#[tokio::test]
async fn a_cursor_that_was_not_given_here_is_refused() -> Result<()> {
    let app = App::start(&[]).await?;
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
        let answer = app.list(&format!("?cursor={cursor}")).await?;
        assert_eq!(
            (answer.verdict().as_str(), answer.field().as_str()),
            ("400 VALIDATION_ERROR", "cursor"),
            "{cursor}"
        );
    }
    assert_eq!(app.list(&format!("?cursor={cursor}")).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn limit_and_cursor_are_refused_together() -> Result<()> {
    let app = App::start(&[]).await?;
    let answer = app.list("?cursor=&limit=0").await?;
    let issues: Vec<_> = answer.issues().iter().map(|(path, code)| format!("{path} {code}")).collect();
    assert_eq!(issues, ["limit too_small", "cursor invalid_format"]);
    Ok(())
}

#[tokio::test]
async fn an_idempotency_key_means_nothing_to_a_list() -> Result<()> {
    let app = App::start(&[]).await?;
    for key in ["key", "key", "", "not a key"] {
        let answer = app.as_alice("GET", "/v1/orgs/acme/projects").key(key).send().await?;
        assert_eq!((answer.status, answer.header("idempotency-replayed")), (200, ""), "{key}");
    }
    Ok(())
}

#[tokio::test]
async fn without_storage_a_list_is_answered_503_in_time() -> Result<()> {
    for on_error in ["allow", "deny"] {
        let nowhere = ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9");
        let app = App::start(&[nowhere, ("RATE_LIMIT_ON_ERROR", on_error)]).await?;
        assert_eq!(app.list("").await?.verdict(), "503 SERVICE_UNAVAILABLE", "{on_error}");
    }
    Ok(())
}

#[tokio::test]
async fn a_row_that_can_not_be_read_is_a_defect_whose_cause_only_the_log_gets() -> Result<()> {
    let app = App::start(&[]).await?;
    app.new_project("acme", "Apollo").await?;
    let mut row = app.rows("ProjectsTable", "PROJECT#").await?.remove(0);
    row["createdAt"] = json!("yesterday, at about /var/task/noon");
    app.put_row("ProjectsTable", &row).await?;
    let answer = app.list("").await?;
    assert_eq!(answer.verdict(), "500 INTERNAL_ERROR");
    assert!(!String::from_utf8_lossy(&answer.body).contains("createdAt"));
    let line = app.stack.log_with("list-projects", answer.header("x-request-id")).await.unwrap_or_default();
    let line: Value = serde_json::from_str(&line)?;
    assert_eq!((&line["level"], &line["code"]), (&json!("ERROR"), &json!("INTERNAL_ERROR")));
    assert!(line["error"].as_str().is_some_and(|cause| cause.contains("createdAt")));
    Ok(())
}
