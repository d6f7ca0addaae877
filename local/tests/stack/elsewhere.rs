//! Emulators for functions that run elsewhere: `--emulators` and `--seed`.

use anyhow::{Result, bail};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::types::ChecksumMode;
use local::client::Client;
use local::emulators::External;
use local::ports::neighboring_ports;
use local::stack::{Options, Stack};
use tokio::process::Child;

use super::command_line::{stack, url};
use super::common::{bucket_client, options};

/// Runs the program with its emulators at this port and the next, and the rows of the example.
async fn with_emulators_at(port: u16) -> Result<(Child, Client)> {
    let emulators = format!("127.0.0.1:{port}");
    let mut child = stack(&["--port", "0", "--ephemeral", "--emulators", &emulators, "--seed"])?.spawn()?;
    let url = url(&mut child).await?;
    Ok((child, Client::new(&url)))
}

/// Starts a stack on the emulators at these ports.
async fn second_stack([dynamodb, s3]: [u16; 2]) -> Result<Stack> {
    let at = |port| Some(format!("http://127.0.0.1:{port}"));
    let external = External { dynamodb: at(dynamodb), s3: at(s3) };
    Stack::start(Options { external, ..options()? }).await
}

#[tokio::test]
async fn emulators_listen_on_the_given_ports() -> Result<()> {
    let [dynamodb, s3] = neighboring_ports()?;
    let (_child, client) = with_emulators_at(dynamodb).await?;
    let variables = client.get("/echo").send().await?.json()["variables"].clone();
    assert_eq!(variables["AWS_ENDPOINT_URL_DYNAMODB"], format!("http://127.0.0.1:{dynamodb}"));
    assert_eq!(variables["AWS_ENDPOINT_URL_S3"], format!("http://127.0.0.1:{s3}"));
    bucket_client(&second_stack([dynamodb, s3]).await?).head_bucket().bucket("things-bucket").send().await?;
    Ok(())
}

#[tokio::test]
async fn seed_inserts_rows_and_objects_of_examples() -> Result<()> {
    let ports = neighboring_ports()?;
    let (_child, _) = with_emulators_at(ports[0]).await?;
    let stack = second_stack(ports).await?;
    let rows = stack.dynamodb().scan().table_name("things-table").send().await?;
    let [row] = rows.items() else { bail!("{rows:?}") };
    let text = |text: &str| AttributeValue::S(text.to_owned());
    assert_eq!((&row["pk"], &row["sk"]), (&text("a"), &text("b")));
    assert_eq!(row["number"], AttributeValue::N("7".to_owned()));
    let object = bucket_client(&stack).get_object().bucket("things-bucket").key("a/b");
    let object = object.checksum_mode(ChecksumMode::Enabled).send().await?;
    assert_eq!((object.content_type(), object.checksum_sha256().is_some()), (Some("text/plain"), true));
    assert_eq!(object.body.collect().await?.to_vec(), b"hello");
    Ok(())
}
