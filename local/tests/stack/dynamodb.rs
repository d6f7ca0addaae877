//! Tables of the template in the DynamoDB emulator, and its data folder.

use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::{AttributeValue, KeySchemaElement, TimeToLiveStatus};
use local::emulators::{Data, External};
use local::stack::Stack;

use super::common::{bucket_client, options, start};

#[tokio::test]
async fn tables_match_the_template() -> Result<()> {
    let (stack, _) = start().await?;
    let client = stack.dynamodb();
    let table = client.describe_table().table_name("things-table").send().await?.table.context("no table")?;
    let key: Vec<_> = table.key_schema().iter().map(KeySchemaElement::attribute_name).collect();
    assert_eq!(key, ["pk", "sk"]);
    assert_eq!(table.global_secondary_indexes()[0].index_name(), Some("by-owner"));
    let expiry = client.describe_time_to_live().table_name("things-table").send().await?;
    let expiry = expiry.time_to_live_description.context("no time to live")?;
    assert_eq!(expiry.attribute_name(), Some("expiresAt"));
    assert_eq!(expiry.time_to_live_status(), Some(&TimeToLiveStatus::Enabled));
    Ok(())
}

#[tokio::test]
async fn items_in_a_data_folder_survive_a_restart() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut options = options()?;
    options.data = Data::Dir(folder.path().to_owned());
    let stack = Stack::start(options.clone()).await?;
    put(&stack, "things-table").await?;
    stack.stop().await;
    let stack = Stack::start(options).await?;
    assert_eq!(count(&stack, "things-table").await?, 1);
    Ok(())
}

#[tokio::test]
async fn data_folder_is_locked_by_one_stack() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut options = options()?;
    options.data = Data::Dir(folder.path().to_owned());
    let first = Stack::start(options.clone()).await?;
    let error = Stack::start(options.clone()).await.map(drop).expect_err("both run");
    let expected = format!("another local stack (process {}) uses the data folder", std::process::id());
    assert!(error.to_string().contains(&expected), "{error}");
    first.stop().await;
    Stack::start(options).await?;
    Ok(())
}

#[tokio::test]
async fn table_with_a_different_key_is_refused() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let template = std::fs::read_to_string(super::common::template())?;
    let other = folder.path().join("template.yaml");
    std::fs::write(&other, template.replace("{AttributeName: sk, ", "{AttributeName: other, "))?;
    let mut options = options()?;
    options.data = Data::Dir(folder.path().to_owned());
    Stack::start(options.clone()).await?.stop().await;
    options.template = other;
    let error = Stack::start(options).await.map(drop).expect_err("it starts");
    let text = format!("{error:#}");
    assert!(text.contains("things-table (ThingsTable)") && text.contains("another key"), "{text}");
    Ok(())
}

#[tokio::test]
async fn stacks_with_suffixes_share_external_emulators() -> Result<()> {
    let (owner, _) = start().await?;
    let mut stacks = Vec::new();
    for suffix in ["one", "two"] {
        let mut options = options()?;
        options.name_suffix = Some(suffix.to_owned());
        options.external = External {
            dynamodb: Some(owner.dynamodb_endpoint().to_owned()),
            s3: Some(owner.s3_endpoint().to_owned()),
        };
        stacks.push(Stack::start(options).await?);
    }
    put(&stacks[0], stacks[0].table("ThingsTable")).await?;
    assert_eq!(stacks[0].table("ThingsTable"), "things-table-one");
    assert_eq!(count(&stacks[0], "things-table-one").await?, 1);
    assert_eq!(count(&stacks[1], "things-table-two").await?, 0);
    assert_eq!(bucket_client(&owner).list_buckets().send().await?.buckets().len(), 3);
    Ok(())
}

async fn put(stack: &Stack, table: &str) -> Result<()> {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = stack.dynamodb().put_item().table_name(table);
    put.item("pk", text("a")).item("sk", text("b")).item("owner", text("c")).send().await?;
    Ok(())
}

async fn count(stack: &Stack, table: &str) -> Result<i32> {
    Ok(stack.dynamodb().scan().table_name(table).send().await?.count())
}
