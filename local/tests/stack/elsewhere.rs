//! What the program `local` does for functions that run elsewhere: engines at a known place, with rows in them.
//! What must stay out: what else can be said on the command line.

use super::command_line::{stack, url};
use super::common::options;
use anyhow::{Context, Result};
use aws_sdk_dynamodb::types::AttributeValue;
use local::client::Client;
use local::engines::External;
use local::ports::neighbouring_ports;
use local::stack::{Options, Stack};
use std::time::Duration;
use tokio::process::Child;

/// A row that stays as it is, and one that follows the time.
const SEED: &str = r#"{"ThingsTable": [
    {"pk": {"S": "a"}, "sk": {"S": "plain"}},
    {"pk": {"S": "a"}, "sk": {"S": "window"}, "number": {"nextWindow": 10}}
]}"#;

/// The number of the window in the seed's row, if that is there.
async fn window(stack: &Stack) -> Result<Option<i64>> {
    let get = stack.dynamodb().get_item().table_name("things-table");
    let row = get.key("pk", attribute("a")).key("sk", attribute("window")).send().await?.item;
    let number = row.as_ref().and_then(|row| row.get("number")?.as_n().ok());
    Ok(number.map(|number| number.parse()).transpose()?)
}

fn attribute(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

/// The program with its engines at this port and the next, and these rows in them.
async fn with_engines_at(port: u16) -> Result<(Child, Client)> {
    let folder = tempfile::tempdir()?;
    let seed = folder.path().join("seed.json");
    std::fs::write(&seed, SEED)?;
    let (engines, seed) = (format!("127.0.0.1:{port}"), seed.to_string_lossy().into_owned());
    let arguments = ["--port", "0", "--ephemeral", "--engines", &engines, "--seed", &seed];
    let mut child = stack(&arguments)?.spawn()?;
    let url = url(&mut child).await?;
    Ok((child, Client::new(&url)))
}

/// A stack on the same DynamoDB.
async fn beside(port: u16) -> Result<Stack> {
    let external = External { dynamodb: Some(format!("http://127.0.0.1:{port}")), s3: None };
    Stack::start(Options { external, ..options()? }).await
}

#[tokio::test]
async fn the_engines_listen_where_they_are_told_to() -> Result<()> {
    let [dynamodb, s3] = neighbouring_ports()?;
    let (_child, client) = with_engines_at(dynamodb).await?;
    let variables = client.get("/echo").send().await?.json()["variables"].clone();
    assert_eq!(variables["AWS_ENDPOINT_URL_DYNAMODB"], format!("http://127.0.0.1:{dynamodb}"));
    assert_eq!(variables["AWS_ENDPOINT_URL_S3"], format!("http://127.0.0.1:{s3}"));
    let external = External { dynamodb: None, s3: Some(format!("http://127.0.0.1:{s3}")) };
    let stack = Stack::start(Options { external, ..options()? }).await?;
    stack.s3().head_bucket().bucket("things-bucket").send().await?;
    Ok(())
}

#[tokio::test]
async fn rows_of_the_seed_are_there_and_windows_in_them_follow_the_time() -> Result<()> {
    let [port, _] = neighbouring_ports()?;
    let (_child, _) = with_engines_at(port).await?;
    let stack = beside(port).await?;
    let now = local::clock::now().as_second();
    let begun = window(&stack).await?.context("the seed's row is not there")?;
    assert!((now / 10..=now / 10 + 2).contains(&begun), "{begun} at {now}");
    // It is put again, as time goes by; what names no window stays as people leave it.
    for sort in ["plain", "window"] {
        let delete = stack.dynamodb().delete_item().table_name("things-table");
        delete.key("pk", attribute("a")).key("sk", attribute(sort)).send().await?;
    }
    let back = async {
        while window(&stack).await?.is_none() {}
        anyhow::Ok(())
    };
    tokio::time::timeout(Duration::from_mins(1), back).await.context("the window is not put again")??;
    assert_eq!(stack.dynamodb().scan().table_name("things-table").send().await?.count(), 1);
    Ok(())
}
