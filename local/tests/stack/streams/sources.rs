//! Streams of tables: in a data folder, of another stack, and in the template.

use anyhow::{Context, Result};
use local::emulators::Data;
use local::stack::Stack;
use local::template::{Pattern, Template};
use serde_json::json;

use super::recorder::Recorder;
use super::{following, put, put_files};

#[tokio::test]
async fn restarted_stack_delivers_again_and_goes_on() -> Result<()> {
    let (folder, recorder) = (tempfile::tempdir()?, Recorder::start().await?);
    let mut options = following(&recorder)?;
    options.data = Data::Dir(folder.path().to_owned());
    let stack = Stack::start(options.clone()).await?;
    put_files(&stack, "ab").await?;
    stack.settle_streams().await?;
    stack.stop().await;
    let stack = Stack::start(options).await?;
    put_files(&stack, "c").await?;
    stack.settle_streams().await?;
    assert_eq!(recorder.keys(), ["ab", "abc"]);
    Ok(())
}

#[tokio::test]
async fn records_of_yesterday_are_gone_after_a_restart() -> Result<()> {
    let (folder, recorder) = (tempfile::tempdir()?, Recorder::start().await?);
    let mut options = following(&recorder)?;
    options.data = Data::Dir(folder.path().to_owned());
    let stack = Stack::start(options.clone()).await?;
    put_files(&stack, "ab").await?;
    stack.stop().await;
    let database = rusqlite::Connection::open(folder.path().join("dynamodb.sqlite"))?;
    let aged =
        "UPDATE _stream_records SET created_at = created_at - 86400 - 60 WHERE keys_json LIKE '%\"a\"%'";
    assert_eq!(database.execute(aged, [])?, 1);
    drop(database);
    let stack = Stack::start(options).await?;
    stack.settle_streams().await?;
    assert_eq!(recorder.keys(), ["b"]);
    Ok(())
}

#[tokio::test]
async fn table_of_an_older_template_gets_a_stream() -> Result<()> {
    let (folder, recorder) = (tempfile::tempdir()?, Recorder::start().await?);
    let mut options = following(&recorder)?;
    options.data = Data::Dir(folder.path().to_owned());
    let current = options.template.clone();
    let template = std::fs::read_to_string(&current)?;
    // The older template has the table and no function.
    let table =
        template.split_once("  RowsTable:").context("no table")?.1.replace("StreamSpecification", "Unknown");
    options.template = folder.path().join("template.yaml");
    std::fs::write(&options.template, format!("Resources:\n  RowsTable:{table}"))?;
    let stack = Stack::start(options.clone()).await?;
    put(&stack, "a", "FILE").await?;
    stack.stop().await;
    options.template = current;
    let stack = Stack::start(options).await?;
    put(&stack, "b", "FILE").await?;
    stack.settle_streams().await?;
    assert_eq!(recorder.keys(), ["b"]);
    Ok(())
}

#[tokio::test]
async fn stream_with_other_images_is_refused() -> Result<()> {
    let (folder, recorder) = (tempfile::tempdir()?, Recorder::start().await?);
    let mut options = following(&recorder)?;
    options.data = Data::Dir(folder.path().to_owned());
    Stack::start(options.clone()).await?.stop().await;
    let template = std::fs::read_to_string(&options.template)?;
    options.template = folder.path().join("template.yaml");
    std::fs::write(&options.template, template.replace("NEW_AND_OLD_IMAGES", "KEYS_ONLY"))?;
    let error = Stack::start(options).await.map(drop).expect_err("it starts");
    let text = format!("{error:#}");
    assert!(text.contains("rows-table (RowsTable)") && text.contains("StreamViewType"), "{text}");
    Ok(())
}

/// Returns the error of the tests' template after this change.
fn error(from: &str, to: &str) -> Result<String> {
    let template = std::fs::read_to_string(super::package().join("tests/streams.yaml"))?;
    anyhow::ensure!(template.contains(from), "the template has no {from}");
    Ok(Template::parse(&template.replace(from, to))
        .map_or_else(|error| format!("{error:#}"), |_| String::new()))
}

#[test]
fn invalid_event_sources_are_named() -> Result<()> {
    for (from, to, expected) in [
        (
            "RowsTable.StreamArn",
            "RowsTable.Arn",
            "resource Follower: event Rows: its Stream is not the StreamArn",
        ),
        (
            "StreamSpecification",
            "Unknown",
            "resource Follower: RowsTable is not a table with a StreamSpecification",
        ),
        ("BatchSize: 4", "BatchSize: some", "resource Follower: event Rows: BatchSize is not a whole number"),
        (
            r#"["REMOVE"]"#,
            r#"[{"prefix":"R"}]"#,
            "resource Follower: event Rows: the local stack does not support",
        ),
    ] {
        let text = error(from, to)?;
        assert!(text.contains(expected), "{to}: {text}");
    }
    Ok(())
}

#[test]
fn disabled_event_source_is_ignored() -> Result<()> {
    let template = std::fs::read_to_string(super::package().join("tests/streams.yaml"))?;
    let template = Template::parse(&template.replace("BatchSize: 4", "Enabled: false"))?;
    assert!(template.function("Follower").context("no function")?.streams.is_empty());
    Ok(())
}

#[test]
fn unsupported_patterns_are_refused() {
    for pattern in [
        "",
        "[]",
        r#""a""#,
        "{}",
        r#"{"a":"b"}"#,
        r#"{"a":{}}"#,
        r#"{"a":[]}"#,
        r#"{"a":[["b"]]}"#,
        r#"{"a":[{"exists":true}]}"#,
        r#"{"a":[{"anything-but":"b"}]}"#,
        r#"{"$or":[{"a":["b"]},{"c":["d"]}]}"#,
    ] {
        assert!(Pattern::parse(pattern).is_err(), "{pattern}");
    }
}

#[test]
fn patterns_match_all_fields_and_any_value() -> Result<()> {
    let pattern = Pattern::parse(r#"{"a":["x",1,null],"b":{"c":[true]}}"#)?;
    for (record, matches) in [
        (json!({"a": "x", "b": {"c": true, "other": 1}, "more": 2}), true),
        (json!({"a": 1, "b": {"c": true}}), true),
        (json!({"a": null, "b": {"c": true}}), true),
        (json!({"a": ["y", "x"], "b": {"c": true}}), true),
        (json!({"a": "y", "b": {"c": true}}), false),
        (json!({"a": ["y"], "b": {"c": true}}), false),
        (json!({"a": "x", "b": {"c": false}}), false),
        (json!({"a": "x", "b": true}), false),
        (json!({"b": {"c": true}}), false),
        (json!("x"), false),
    ] {
        assert_eq!(pattern.matches(&record), matches, "{record}");
    }
    Ok(())
}
