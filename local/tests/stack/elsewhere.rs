//! What the program `local` does for functions that run elsewhere: emulators at a known place, with rows in them.
//! What must stay out: what else can be said on the command line.

use anyhow::{Result, bail};
use aws_sdk_dynamodb::types::AttributeValue;
use local::client::Client;
use local::emulators::External;
use local::ports::neighboring_ports;
use local::stack::{Options, Stack};
use tokio::process::Child;

use super::command_line::{stack, url};
use super::common::options;

/// The program with its emulators at this port and the next, and the rows of the example in them.
async fn with_emulators_at(port: u16) -> Result<(Child, Client)> {
    let emulators = format!("127.0.0.1:{port}");
    let mut child = stack(&["--port", "0", "--ephemeral", "--emulators", &emulators, "--seed"])?.spawn()?;
    let url = url(&mut child).await?;
    Ok((child, Client::new(&url)))
}

/// A stack on the same DynamoDB.
async fn second_instance(port: u16) -> Result<Stack> {
    let external = External { dynamodb: Some(format!("http://127.0.0.1:{port}")), s3: None };
    Stack::start(Options { external, ..options()? }).await
}

#[tokio::test]
async fn the_emulators_listen_where_they_are_told_to() -> Result<()> {
    let [dynamodb, s3] = neighboring_ports()?;
    let (_child, client) = with_emulators_at(dynamodb).await?;
    let variables = client.get("/echo").send().await?.json()["variables"].clone();
    assert_eq!(variables["AWS_ENDPOINT_URL_DYNAMODB"], format!("http://127.0.0.1:{dynamodb}"));
    assert_eq!(variables["AWS_ENDPOINT_URL_S3"], format!("http://127.0.0.1:{s3}"));
    let external = External { dynamodb: None, s3: Some(format!("http://127.0.0.1:{s3}")) };
    let stack = Stack::start(Options { external, ..options()? }).await?;
    stack.s3().head_bucket().bucket("things-bucket").send().await?;
    Ok(())
}

#[tokio::test]
async fn the_rows_of_the_examples_are_there() -> Result<()> {
    let [port, _] = neighboring_ports()?;
    let (_child, _) = with_emulators_at(port).await?;
    let rows = second_instance(port).await?.dynamodb().scan().table_name("things-table").send().await?;
    let [row] = rows.items() else { bail!("{rows:?}") };
    let text = |text: &str| AttributeValue::S(text.to_owned());
    assert_eq!((&row["pk"], &row["sk"]), (&text("a"), &text("b")));
    assert_eq!(row["number"], AttributeValue::N("7".to_owned()));
    Ok(())
}
