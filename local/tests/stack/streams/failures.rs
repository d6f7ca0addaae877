//! Retries, splits, and records that are given up.

use anyhow::{Context, Result};
use local::stack::Stack;
use serde_json::{Value, json};

use super::recorder::Recorder;
use super::{follow, following, put_files};

/// Returns the sequence number of the record with this key in the event that contains it.
fn sequence_number(events: &[Value], key: &str) -> Option<String> {
    let records = events.iter().flat_map(|event| event["Records"].as_array().into_iter().flatten());
    let mut changes = records.map(|record| &record["dynamodb"]);
    let found = changes.find(|change| change["Keys"]["pk"]["S"] == key)?;
    found["SequenceNumber"].as_str().map(str::to_owned)
}

/// Returns the response that names the record with this key, whose number an earlier stack found out.
fn naming(number: &str) -> Value {
    json!({"batchItemFailures": [{"itemIdentifier": number}]})
}

/// Starts a stack with four records, and returns the sequence number of the record `c`.
async fn with_four_records() -> Result<(Stack, String)> {
    let recorder = Recorder::start().await?;
    let stack = follow(&recorder).await?;
    put_files(&stack, "abcd").await?;
    stack.settle_streams().await?;
    let number = sequence_number(&recorder.events(), "c").context("there is no record")?;
    Ok((stack, number))
}

/// Starts a stack on the same tables, and delivers its records to this recorder.
async fn deliver(owner: &Stack, recorder: &Recorder) -> Result<Stack> {
    let mut options = following(recorder)?;
    options.external.dynamodb = Some(owner.dynamodb_endpoint().to_owned());
    let stack = Stack::start(options).await?;
    stack.settle_streams().await?;
    Ok(stack)
}

#[tokio::test]
async fn reported_record_and_all_behind_are_retried() -> Result<()> {
    let (owner, number) = with_four_records().await?;
    let fails_once = move |index, _: &str| if index == 0 { naming(&number) } else { Value::Null };
    let recorder = Recorder::replying(fails_once).await?;
    deliver(&owner, &recorder).await?;
    assert_eq!(recorder.keys(), ["abcd", "cd"]);
    Ok(())
}

#[tokio::test]
async fn record_that_is_always_reported_is_given_up() -> Result<()> {
    let (owner, number) = with_four_records().await?;
    let reported = number.clone();
    let fails = move |_, keys: &str| if keys.contains('c') { naming(&reported) } else { json!({}) };
    let recorder = Recorder::replying(fails).await?;
    let stack = deliver(&owner, &recorder).await?;
    assert_eq!(recorder.keys(), ["abcd", "cd", "cd", "d"]);
    let expected = format!(
        "gave up after 3 attempts; on AWS the record goes to FollowerFailures: INSERT {{\"pk\":{{\"S\":\"c\"}}}} \
         ({number}) of RowsTable: its response names the record"
    );
    assert_eq!(stack.log_with("follower", "gave up").await, Some(expected));
    Ok(())
}

#[tokio::test]
async fn failing_record_is_found_by_splitting() -> Result<()> {
    let fails = |_, keys: &str| if keys.contains('b') { json!("poison") } else { Value::Null };
    let recorder = Recorder::replying(fails).await?;
    let stack = follow(&recorder).await?;
    put_files(&stack, "abcd").await?;
    stack.settle_streams().await?;
    assert_eq!(recorder.keys(), ["abcd", "ab", "a", "b", "b", "b", "cd"]);
    let line = stack.log_with("follower", "gave up").await.unwrap_or_default();
    assert!(line.contains("after 3 attempts") && line.ends_with(": poison"), "{line}");
    Ok(())
}

#[tokio::test]
async fn failure_that_passes_loses_nothing() -> Result<()> {
    let fails_once = |index, _: &str| if index == 0 { json!("for now") } else { Value::Null };
    let recorder = Recorder::replying(fails_once).await?;
    let stack = follow(&recorder).await?;
    put_files(&stack, "a").await?;
    stack.settle_streams().await?;
    assert_eq!(recorder.keys(), ["a", "a"]);
    assert!(stack.logs("follower").iter().all(|line| !line.contains("gave up")));
    Ok(())
}

#[tokio::test]
async fn response_that_names_no_record_fails_the_batch() -> Result<()> {
    for response in [naming(""), naming("1"), json!({"batchItemFailures": [{}]})] {
        let fails_once = move |index, _: &str| if index == 0 { response.clone() } else { Value::Null };
        let recorder = Recorder::replying(fails_once).await?;
        let stack = follow(&recorder).await?;
        put_files(&stack, "ab").await?;
        stack.settle_streams().await?;
        assert_eq!(recorder.keys(), ["ab", "a", "b"]);
    }
    Ok(())
}

#[tokio::test]
async fn batch_stays_whole_unless_it_may_be_split() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let recorder =
        Recorder::replying(|_, keys: &str| if keys == "ab" { json!("no") } else { Value::Null }).await?;
    let mut options = following(&recorder)?;
    let template = std::fs::read_to_string(&options.template)?;
    options.template = folder.path().join("template.yaml");
    std::fs::write(&options.template, template.replace("OnFunctionError: true", "OnFunctionError: false"))?;
    let stack = Stack::start(options).await?;
    put_files(&stack, "ab").await?;
    stack.settle_streams().await?;
    put_files(&stack, "c").await?;
    stack.settle_streams().await?;
    assert_eq!(recorder.keys(), ["ab", "ab", "ab", "c"]);
    assert_eq!(stack.logs("follower").iter().filter(|line| line.contains("gave up")).count(), 2);
    Ok(())
}
