//! Lambda function for the stack's own tests. It returns its event, or misbehaves as the query parameter `mode` says.

use std::collections::BTreeMap;
use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    if variables().contains_key("ECHO_REFUSES") {
        eprintln!("ECHO_REFUSES is set: this function does not start");
        std::process::exit(1);
    }
    lambda_runtime::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let query = event.payload["queryStringParameters"].clone();
    let text = |name: &str| query[name].as_str().unwrap_or_default().to_owned();
    println!("mode {:?}", text("mode"));
    match text("mode").as_str() {
        "crash" => std::process::exit(3),
        "hang" => tokio::time::sleep(Duration::from_hours(1)).await,
        "error" => return Err("an error of the function".into()),
        "large" => return Ok(json!({ "statusCode": 200, "body": "x".repeat(7_000_000) })),
        "malformed" => return Ok(json!({ "statusCode": "two hundred" })),
        "chat" => chat(&event.payload["requestContext"]["requestId"]),
        "log" => log(&event.payload["requestContext"]["requestId"]),
        "plain" => return Ok(json!({ "hello": "world" })),
        "rich" => return Ok(rich()),
        "open" => return Ok(open()),
        "meet" => meet(&text("at")).await?.read_u8().await.map(drop)?,
        // The connection stays open for as long as this process lives.
        "stay" => std::mem::forget(meet(&text("at")).await?),
        _ => {}
    }
    Ok(echo(&event))
}

/// Returns the event as the body, with the process id, its variables and the invocation's context.
fn echo(event: &LambdaEvent<Value>) -> Value {
    let body = json!({
        "event": event.payload,
        "process": std::process::id(),
        "requestId": event.context.request_id,
        "functionArn": event.context.invoked_function_arn,
        "deadline": event.context.deadline,
        "variables": variables(),
    });
    json!({
        "statusCode": 200,
        "headers": { "content-type": "application/json" },
        "body": body.to_string(),
    })
}

/// Logs a warning, an information with the message of the next line, and the line about the request, as the service's functions do.
fn log(id: &Value) {
    let error = "no connection: refused";
    println!("{}", json!({ "level": "WARN", "message": "a warning", "table": "t", "error": error }));
    println!("{}", json!({ "level": "INFO", "message": "request", "table": "t" }));
    let (user, org, code) = ("ann", "acme", "NOT_FOUND");
    println!("{}", json!({ "message": "request", "request_id": id, "user": user, "org": org, "code": code }));
}

/// Prints many lines that only their text assigns to the request.
fn chat(id: &Value) {
    for number in 0..2000 {
        println!("line {number} of {id}");
    }
}

/// Returns a response with all fields of payload format 2.0.
fn rich() -> Value {
    json!({
        "statusCode": 201,
        "headers": { "content-type": "application/octet-stream", "x-number": 7 },
        "cookies": ["a=1; Path=/", "b=2"],
        "body": "AAH/",
        "isBase64Encoded": true,
    })
}

/// Returns a response with CORS headers for all pages, which the gateway drops.
fn open() -> Value {
    json!({
        "statusCode": 403,
        "headers": { "Access-Control-Allow-Origin": "*", "access-control-max-age": 5 },
    })
}

/// Connects to a test and sends the process id. In the mode `meet` the test's reply releases the invocation.
async fn meet(address: &str) -> Result<TcpStream, Error> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_u32(std::process::id()).await?;
    Ok(stream)
}

fn variables() -> BTreeMap<String, String> {
    std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .collect()
}
