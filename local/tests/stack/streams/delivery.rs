//! Which records a function gets, and how.

use anyhow::Result;
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use local::stack::Stack;
use local::streams::Mode;
use serde_json::{Value, json};

use super::recorder::Recorder;
use super::{delete, follow, following, put, put_files};

#[tokio::test]
async fn function_gets_only_records_of_its_filters() -> Result<()> {
    let recorder = Recorder::start().await?;
    let stack = follow(&recorder).await?;
    for (key, kind) in [("p", "PROJECT"), ("f", "FILE"), ("n", "NAME"), ("f", "FILE")] {
        put(&stack, key, kind).await?;
    }
    for key in ["p", "f", "n", "f"] {
        delete(&stack, key).await?;
    }
    stack.settle_streams().await?;
    let events = recorder.events();
    let records = events.iter().flat_map(|event| event["Records"].as_array().into_iter().flatten());
    let records = records.map(|record| (&record["eventName"], &record["dynamodb"]["Keys"]["pk"]["S"]));
    let expected =
        [("INSERT", "f"), ("REMOVE", "p"), ("REMOVE", "f")].map(|(name, key)| (json!(name), json!(key)));
    assert!(records.eq(expected.iter().map(|(name, key)| (name, key))), "{events:?}");
    Ok(())
}

#[tokio::test]
async fn records_come_in_order_and_in_batches() -> Result<()> {
    let recorder = Recorder::start().await?;
    let stack = follow(&recorder).await?;
    put_files(&stack, "abcdefghij").await?;
    stack.settle_streams().await?;
    assert_eq!(recorder.keys(), ["abcd", "efgh", "ij"]);
    Ok(())
}

#[tokio::test]
async fn each_record_is_delivered_once() -> Result<()> {
    let recorder = Recorder::start().await?;
    let stack = follow(&recorder).await?;
    for key in ["a", "b"] {
        put(&stack, key, "FILE").await?;
        stack.settle_streams().await?;
    }
    stack.settle_streams().await?;
    assert_eq!(recorder.keys(), ["a", "b"]);
    Ok(())
}

/// Puts 25 rows that the filters leave out.
async fn put_names(stack: &Stack, batch: u32) -> Result<()> {
    let row = |index: u32| {
        let [key, kind] = [format!("{batch}-{index}"), "NAME".to_owned()].map(AttributeValue::S);
        let row = PutRequest::builder().item("pk", key).item("rowKind", kind).build()?;
        Ok(WriteRequest::builder().put_request(row).build())
    };
    let rows = (0..25).map(row).collect::<Result<Vec<_>>>()?;
    stack.dynamodb().batch_write_item().request_items(stack.table("RowsTable"), rows).send().await?;
    Ok(())
}

#[tokio::test]
async fn records_behind_the_first_page_arrive() -> Result<()> {
    let recorder = Recorder::start().await?;
    let stack = follow(&recorder).await?;
    for batch in 0..41 {
        put_names(&stack, batch).await?;
    }
    put(&stack, "f", "FILE").await?;
    stack.settle_streams().await?;
    assert_eq!(recorder.keys(), ["f"]);
    Ok(())
}

#[tokio::test]
async fn records_have_the_documented_fields() -> Result<()> {
    let recorder = Recorder::start().await?;
    let stack = follow(&recorder).await?;
    put(&stack, "a", "FILE").await?;
    stack.settle_streams().await?;
    let record = recorder.first().await?["Records"][0].clone();
    assert_eq!((&record["eventSource"], &record["eventName"]), (&json!("aws:dynamodb"), &json!("INSERT")));
    assert!(record["eventSourceARN"].as_str().is_some_and(|arn| arn.contains(":table/rows-table/stream/")));
    let change = &record["dynamodb"];
    let row = json!({"pk": {"S": "a"}, "rowKind": {"S": "FILE"}});
    assert_eq!((&change["Keys"], &change["NewImage"]), (&json!({"pk": {"S": "a"}}), &row));
    assert_eq!(
        (&change["OldImage"], &change["StreamViewType"]),
        (&Value::Null, &json!("NEW_AND_OLD_IMAGES"))
    );
    for text in [&record["eventID"], &record["eventVersion"], &record["awsRegion"], &change["SequenceNumber"]]
    {
        assert!(text.as_str().is_some_and(|text| !text.is_empty()), "{record}");
    }
    for number in [&change["SizeBytes"], &change["ApproximateCreationDateTime"]] {
        assert!(number.is_number(), "{record}");
    }
    Ok(())
}

#[tokio::test]
async fn manual_streams_wait_to_be_settled() -> Result<()> {
    let recorder = Recorder::start().await?;
    let stack = follow(&recorder).await?;
    put(&stack, "a", "FILE").await?;
    // The poller of another stack has its first record after a while in which this one could have read it, too.
    let other = Recorder::start().await?;
    let mut options = following(&other)?;
    options.external.dynamodb = Some(stack.dynamodb_endpoint().to_owned());
    options.streams = Mode::Poll;
    let polling = Stack::start(options).await?;
    other.first().await?;
    assert_eq!(recorder.keys(), [] as [&str; 0]);
    stack.settle_streams().await?;
    assert_eq!((recorder.keys(), other.keys()), (vec!["a".to_owned()], vec!["a".to_owned()]));
    polling.stop().await;
    Ok(())
}

#[tokio::test]
async fn stopped_stack_delivers_nothing_more() -> Result<()> {
    let (recorder, other) = (Recorder::start().await?, Recorder::start().await?);
    let stack = follow(&other).await?;
    let mut options = following(&recorder)?;
    options.external.dynamodb = Some(stack.dynamodb_endpoint().to_owned());
    options.streams = Mode::Poll;
    let polling = Stack::start(options).await?;
    put(&stack, "a", "FILE").await?;
    recorder.first().await?;
    polling.stop().await;
    put(&stack, "b", "FILE").await?;
    stack.settle_streams().await?;
    assert_eq!((recorder.keys(), other.keys()), (vec!["a".to_owned()], vec!["ab".to_owned()]));
    Ok(())
}
