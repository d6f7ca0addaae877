//! The noop baseline: a function that only responds. It has the profile and the features of the service's functions, so
//! their additional time, bytes and memory are their own.

use lambda_http::{Error, Request, Response, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(response)).await
}

async fn response(_: Request) -> Result<Response<String>, Error> {
    Ok(Response::builder()
        .header("content-type", "application/json")
        .body(r#"{"data":"Hello"}"#.to_owned())?)
}
