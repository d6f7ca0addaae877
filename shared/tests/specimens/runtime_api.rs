//! Exits of a function: a failed start, and a lost Runtime API.

use std::process::{Output, Stdio};
use std::sync::Mutex;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use testing::{App, example};
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::event;

const FUNCTION: &str = "ListNotes";

/// Runs the function with additional variables and a Runtime API that ends after one event; returns its response.
async fn run(variables: &[(&str, &str)]) -> Result<(Value, Output)> {
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
        response = one_event(listener, event.to_string()) => response?,
        output = &mut output => return Ok((Value::Null, output?)),
    };
    Ok((response, output.await?))
}

/// Serves a Runtime API with one event and returns the function's response.
async fn one_event(listener: TcpListener, event: String) -> Result<Value> {
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
    let (response, output) = run(&[]).await?;
    assert_eq!(response["statusCode"], 200, "{response}");
    assert!(!output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let log = String::from_utf8_lossy(&output.stdout);
    assert!(log.contains("\"level\":\"INFO\",\"message\":\"the Runtime API failed\""), "{log}");
    Ok(())
}

#[tokio::test]
async fn failed_start_names_the_setting() -> Result<()> {
    let (_, output) = run(&[("RATE_LIMIT", "much")]).await?;
    assert!(!output.status.success());
    let reason = String::from_utf8_lossy(&output.stderr);
    assert!(reason.starts_with("The function can't start: ") && reason.contains("RATE_LIMIT"), "{reason}");
    Ok(())
}
