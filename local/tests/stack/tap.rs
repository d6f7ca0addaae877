//! The recording proxy, with calls that a function could make. What must stay out: functions.

use super::common::options;
use anyhow::Result;
use local::stack::Stack;
use local::testing::{Call, Client, Service, Tap};

#[tokio::test]
async fn calls_pass_with_their_signatures_intact_and_are_recorded_in_order() -> Result<()> {
    let tap = Tap::new();
    let mut options = options()?;
    options.tap = Some(tap.clone());
    let stack = Stack::start(options).await?;
    assert_eq!(tap.calls(), [], "what the stack itself does is not recorded");

    let variables = Client::new(stack.url()).get("/echo").send().await?.json()["variables"].clone();
    let endpoint = |name: &str| variables[name].as_str().unwrap_or_default().to_owned();
    let s3 = stack.s3().config().to_builder().endpoint_url(endpoint("AWS_ENDPOINT_URL_S3")).build();
    let s3 = aws_sdk_s3::Client::from_conf(s3);
    s3.put_object().bucket("things-bucket").key("a b").body(vec![1; 100_000].into()).send().await?;
    let tables = stack.dynamodb().config().to_builder().endpoint_url(endpoint("AWS_ENDPOINT_URL_DYNAMODB"));
    let tables = aws_sdk_dynamodb::Client::from_conf(tables.build());
    tables.scan().table_name("things-table").send().await?;

    let call = |service, operation: &str, target: &str| Call {
        service,
        operation: operation.to_owned(),
        target: target.to_owned(),
    };
    let expected =
        [call(Service::S3, "PUT", "/things-bucket/a%20b"), call(Service::DynamoDb, "Scan", "things-table")];
    assert_eq!(tap.calls(), expected);
    stack.s3().head_object().bucket("things-bucket").key("a b").send().await?;
    tap.clear();
    assert_eq!(tap.calls(), []);
    Ok(())
}
