//! Lambda function for tests of streams. It sends its event to the test's recorder at `RECORDER` and returns the reply, or
//! fails if the reply is a text.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(handle)).await
}

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let mut variables = std::env::vars_os();
    let recorder =
        variables.find_map(|(name, value)| (name == "RECORDER").then_some(value)).unwrap_or_default();
    let mut stream = TcpStream::connect(&*recorder.to_string_lossy()).await?;
    stream.write_all(event.payload.to_string().as_bytes()).await?;
    stream.shutdown().await?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await?;
    match serde_json::from_slice(&reply)? {
        Value::String(error) => Err(error.into()),
        reply => Ok(reply),
    }
}
