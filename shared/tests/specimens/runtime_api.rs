//! Exits of a function: a failed start, and a lost Runtime API.

use std::process::{Output, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use testing::{App, example};
use tokio::net::{TcpListener, UdpSocket};
use tokio::process::Command;

use crate::event;

const FUNCTION: &str = "ListNotes";

/// Trace of an invocation that is not sampled.
const UNSAMPLED: &str = "Root=1-6b083cb6-3c8d33791a364e5fbce1d656;Parent=00f067aa0ba902b7;Sampled=0";

/// Runs the function with additional variables and a Runtime API that ends after one event; returns its response.
async fn run(trace: &str, variables: &[(&str, &str)]) -> Result<(Value, Output)> {
    let app = App::specimens(&[]).await?;
    let event = event(&app, "GET", "notes");
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut command = Command::new(example("shared", "specimens")?);
    command.env_clear().envs(app.stack.variables(FUNCTION)?);
    command.env("AWS_LAMBDA_RUNTIME_API", listener.local_addr()?.to_string());
    command.envs(variables.iter().copied()).kill_on_drop(true);
    let process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let output = process.wait_with_output();
    tokio::pin!(output);
    let response = tokio::select! {
        response = one_event(listener, event.to_string(), trace) => response?,
        output = &mut output => return Ok((Value::Null, output?)),
    };
    Ok((response, output.await?))
}

/// Serves a Runtime API with one event and returns the function's response.
async fn one_event(listener: TcpListener, event: String, trace: &str) -> Result<Value> {
    let (events, received) = (Mutex::new(vec![Bytes::from(event)]), Mutex::new(Bytes::new()));
    let service = service_fn(async |request: Request<Incoming>| {
        if request.uri().path().ends_with("/response") {
            let body = request.into_body().collect().await?.to_bytes();
            *received.lock().ok().context("the response is poisoned")? = body;
            return Ok(Response::builder().status(202).body(Full::default())?);
        }
        // An error closes the connection.
        let event =
            events.lock().ok().and_then(|mut events| events.pop()).context("there are no more events")?;
        let response = Response::builder().header("lambda-runtime-aws-request-id", "1");
        let response = response.header("lambda-runtime-deadline-ms", i64::MAX);
        let response = response.header("lambda-runtime-trace-id", trace);
        let response =
            response.header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:::function:one");
        anyhow::Ok(response.body(Full::new(event))?)
    });
    let (stream, _) = listener.accept().await?;
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
    Ok(serde_json::from_slice(&received.into_inner()?)?)
}

#[tokio::test]
async fn lost_runtime_api_is_logged_as_info() -> Result<()> {
    let (response, output) = run(UNSAMPLED, &[]).await?;
    assert_eq!(response["statusCode"], 200, "{response}");
    assert!(!output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let log = String::from_utf8_lossy(&output.stdout);
    assert!(log.contains("\"level\":\"INFO\",\"message\":\"the Runtime API failed\""), "{log}");
    Ok(())
}

#[tokio::test]
async fn failed_start_names_the_setting() -> Result<()> {
    let (_, output) = run(UNSAMPLED, &[("RATE_LIMIT", "much")]).await?;
    assert!(!output.status.success());
    let reason = String::from_utf8_lossy(&output.stderr);
    assert!(reason.starts_with("The function can't start: ") && reason.contains("RATE_LIMIT"), "{reason}");
    Ok(())
}

/// Receives the datagram of one sampled request. One of an earlier, unsampled request would come first.
async fn datagram() -> Result<String> {
    let daemon = UdpSocket::bind("127.0.0.1:0").await?;
    let address = daemon.local_addr()?.to_string();
    let variables = [("AWS_XRAY_DAEMON_ADDRESS", address.as_str())];
    run(UNSAMPLED, &variables).await?;
    let (response, _) = run(&UNSAMPLED.replace("Sampled=0", "Sampled=1"), &variables).await?;
    assert_eq!(response["statusCode"], 200, "{response}");
    let mut datagram = vec![0; 65_536];
    let received = tokio::time::timeout(Duration::from_secs(10), daemon.recv(&mut datagram)).await;
    let length = received.context("no datagram has come")??;
    assert!(daemon.try_recv(&mut [0]).is_err(), "there is a second one");
    Ok(String::from_utf8_lossy(&datagram[..length]).into_owned())
}

#[tokio::test]
async fn sampled_request_sends_its_trace() -> Result<()> {
    let datagram = datagram().await?;
    let (header, segment) = datagram.split_once('\n').context("no header")?;
    assert_eq!(header, r#"{"format":"json","version":1}"#);
    let segment: Value = serde_json::from_str(segment)?;
    let calls = segment["subsegments"].as_array().context("no calls")?;
    for part in calls.iter().chain([&segment]) {
        assert!(part["id"].as_str().is_some_and(|id| id.len() == 16), "{part}");
        assert!(part["start_time"].as_f64() <= part["end_time"].as_f64(), "{part}");
    }
    for (key, expected) in [
        ("type", json!("subsegment")),
        ("trace_id", json!("1-6b083cb6-3c8d33791a364e5fbce1d656")),
        ("parent_id", json!("00f067aa0ba902b7")),
        ("name", json!("GET /v1/orgs/:orgId/notes")),
        (
            "annotations",
            json!({"route": "GET /v1/orgs/{orgId}/notes", "org": "acme", "request_id": "a-request"}),
        ),
    ] {
        assert_eq!(segment[key], expected);
    }
    let text = |call: &Value, key: &str| call["aws"][key].as_str().unwrap_or_default().to_owned();
    let mut called: Vec<_> =
        calls.iter().map(|call| ["operation", "table_name"].map(|key| text(call, key))).collect();
    called.sort_unstable();
    assert_eq!(called.len(), 2, "{calls:?}");
    // An emulator that is used by several tests has other names of tables.
    for ([operation, table], expected) in
        called.iter().zip([("Query", "notes-table"), ("UpdateItem", "rate-limit-table")])
    {
        assert!((operation.as_str(), table.starts_with(expected.1)) == (expected.0, true), "{calls:?}");
    }
    assert!(calls.iter().all(|call| call["name"] == "DynamoDB"), "{calls:?}");
    Ok(())
}
