//! The recording proxy, with calls that a function could make.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::AttributeValue;
use local::stack::{Binaries, Options, Stack};
use testing::{Call, CallMatcher, Fault, Moment, RecordingProxy, Service, workspace};

/// Path of the template of the local stack's own tests, which has a table and a bucket of things.
const TEMPLATE: &str = "local/tests/template.yaml";

/// Starts a stack behind this proxy. The clients call through the proxy and never retry; no function runs.
async fn start(proxy: &RecordingProxy) -> Result<(Stack, aws_sdk_dynamodb::Client, aws_sdk_s3::Client)> {
    let mut options = Options::new(workspace().join(TEMPLATE));
    options.binaries = Binaries::Dir(PathBuf::new());
    options.interceptor = Some(Arc::new(proxy.clone()));
    let stack = Stack::start(options).await?;
    let variables = stack.variables("Echo")?;
    let endpoint = |name: &str| variables.get(name).cloned().unwrap_or_default();
    let patience = TimeoutConfig::builder().operation_timeout(Duration::from_secs(1)).build();
    let tables = stack.dynamodb().config().to_builder().endpoint_url(endpoint("AWS_ENDPOINT_URL_DYNAMODB"));
    let tables = tables.retry_config(RetryConfig::disabled()).timeout_config(patience.clone()).build();
    let objects = bucket_client(&stack).config().to_builder().endpoint_url(endpoint("AWS_ENDPOINT_URL_S3"));
    let objects = objects.retry_config(RetryConfig::disabled()).timeout_config(patience).build();
    Ok((stack, aws_sdk_dynamodb::Client::from_conf(tables), aws_sdk_s3::Client::from_conf(objects)))
}

fn bucket_client(stack: &Stack) -> aws_sdk_s3::Client {
    local_s3::client(stack.s3_endpoint(), stack.credentials().clone())
}

fn put(
    tables: &aws_sdk_dynamodb::Client,
    id: &str,
) -> aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder {
    let put = tables.put_item().table_name("things-table").item("pk", AttributeValue::S(id.to_owned()));
    put.item("sk", AttributeValue::S("-".to_owned()))
}

async fn is_there(stack: &Stack, id: &str) -> Result<bool> {
    let key = |text: &str| AttributeValue::S(text.to_owned());
    let get = stack.dynamodb().get_item().table_name("things-table").key("pk", key(id)).key("sk", key("-"));
    Ok(get.consistent_read(true).send().await?.item.is_some())
}

#[tokio::test]
async fn signed_calls_pass_and_are_recorded_in_order() -> Result<()> {
    let proxy = RecordingProxy::new();
    let (stack, tables, s3) = start(&proxy).await?;
    assert_eq!(proxy.calls(), [], "the stack's own calls are not recorded");
    s3.put_object().bucket("things-bucket").key("a b").body(vec![1; 100_000].into()).send().await?;
    tables.scan().table_name("things-table").send().await?;
    s3.delete_object_tagging().bucket("things-bucket").key("a b").send().await?;

    let call = |service, operation: &str, target: &str| Call {
        service,
        operation: operation.to_owned(),
        target: target.to_owned(),
    };
    let expected = [
        call(Service::S3, "PUT", "/things-bucket/a%20b"),
        call(Service::DynamoDb, "Scan", "things-table"),
        call(Service::S3, "DELETE?tagging", "/things-bucket/a%20b"),
    ];
    assert_eq!(proxy.calls(), expected);
    bucket_client(&stack).head_object().bucket("things-bucket").key("a b").send().await?;
    proxy.clear();
    assert_eq!(proxy.calls(), []);
    Ok(())
}

#[tokio::test]
async fn faults_have_their_stated_error_and_effect() -> Result<()> {
    let proxy = RecordingProxy::new();
    let (stack, tables, _) = start(&proxy).await?;
    for (fault, code, takes_effect) in [
        (Fault::Throttled, Some("ProvisionedThroughputExceededException"), false),
        (Fault::Overloaded, Some("ThrottlingException"), false),
        (Fault::Broken, Some("InternalServerError"), false),
        (Fault::Contended, Some("TransactionCanceledException"), false),
        (Fault::ConnectionReset, None, false),
        (Fault::ResponseLost, None, true),
        (Fault::Slow, None, true),
        (Fault::TruncatedBody, None, true),
        (Fault::InvalidBody, None, true),
    ] {
        let id = format!("{fault:?}");
        let outage = proxy.fail(CallMatcher::of("PutItem").with(&id), fault);
        let error = put(&tables, &id).send().await.err();
        let error = error.with_context(|| format!("{fault:?} is not an error"))?;
        assert_eq!(
            (error.code(), is_there(&stack, &id).await?),
            (code, takes_effect),
            "{fault:?}: {error:?}"
        );
        drop(outage);
        put(&tables, &id).send().await?;
    }
    Ok(())
}

#[tokio::test]
async fn s3_faults_have_s3_error_codes() -> Result<()> {
    let proxy = RecordingProxy::new();
    let (stack, _, objects) = start(&proxy).await?;
    for (fault, status, code) in [
        (Fault::Throttled, 503, "SlowDown"),
        (Fault::Overloaded, 503, "ServiceUnavailable"),
        (Fault::Broken, 500, "InternalError"),
        (Fault::Contended, 409, "ConditionalRequestConflict"),
    ] {
        let _outage = proxy.fail(CallMatcher::of("PUT"), fault);
        let put = objects.put_object().bucket("things-bucket").key("k").body(vec![1].into()).send().await;
        let error = put.err().context("it is stored")?;
        let found = (error.raw_response().map(|response| response.status().as_u16()), error.code());
        assert_eq!(found, (Some(status), Some(code)));
    }
    assert!(bucket_client(&stack).head_object().bucket("things-bucket").key("k").send().await.is_err());
    Ok(())
}

#[tokio::test]
async fn only_matching_calls_fail() -> Result<()> {
    let proxy = RecordingProxy::new();
    let (_stack, tables, _) = start(&proxy).await?;
    let first = proxy.fail(CallMatcher::of("PutItem").with("\"a\"").first(2), Fault::ConnectionReset);
    let third = proxy.fail(CallMatcher::any().with("\"a\"").number(4), Fault::ConnectionReset);
    let mut passed = Vec::new();
    for id in ["a", "b", "a", "a", "a", "a"] {
        passed.push(put(&tables, id).send().await.is_ok());
    }
    assert_eq!(passed, [false, true, false, true, false, true]);
    drop((first, third));
    put(&tables, "a").send().await?;
    Ok(())
}

#[tokio::test]
async fn breakpoint_holds_a_call_until_released() -> Result<()> {
    let proxy = RecordingProxy::new();
    let (stack, tables, _) = start(&proxy).await?;
    for (id, moment, goes_on) in [
        ("a", Moment::Before, true),
        ("b", Moment::Before, false),
        ("c", Moment::After, true),
        ("d", Moment::After, false),
    ] {
        let mut breakpoint = proxy.hold(CallMatcher::any().with(&format!("\"{id}\"")), moment);
        // Without timeouts, because the call waits.
        let patient = tables.config().to_builder().timeout_config(TimeoutConfig::disabled()).build();
        let call = tokio::spawn(put(&aws_sdk_dynamodb::Client::from_conf(patient), id).send());
        breakpoint.reached().await?;
        assert_eq!(is_there(&stack, id).await?, moment == Moment::After, "{id}");
        if goes_on {
            breakpoint.release();
        } else {
            breakpoint.break_off();
        }
        assert_eq!(call.await?.is_ok(), goes_on, "{id}");
        assert_eq!(is_there(&stack, id).await?, goes_on || moment == Moment::After, "{id}");
    }
    Ok(())
}
