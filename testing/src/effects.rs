//! Effects of a fault or a breakpoint on a call, as the function sees them.

use anyhow::{Result, bail};
use axum::body::{Body, to_bytes};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header;
use local::emulators::Service;
use serde_json::{Value, json};

use super::breakpoint::{Gate, Moment};

/// Failure of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The table or bucket is throttled: `ProvisionedThroughputExceededException`, or S3's `SlowDown`.
    Throttled,
    /// The operation is throttled: `ThrottlingException`, or S3's `ServiceUnavailable`.
    Overloaded,
    /// The emulator has a defect: `InternalServerError`, or S3's `InternalError`.
    Broken,
    /// The connection is closed and the call has no effect.
    ConnectionReset,
    /// The call takes effect and the connection is closed without a response.
    ResponseLost,
    /// The call takes effect and the response comes after every timeout.
    Slow,
    /// The call takes effect and the response ends halfway.
    TruncatedBody,
    /// The call takes effect and the response is a 200 with an invalid body.
    InvalidBody,
    /// A conflict: a transaction canceled for `TransactionConflict`, or S3's `ConditionalRequestConflict`.
    Contended,
    /// `AccessDeniedException`, or S3's `AccessDenied`. Callers that may not list the bucket also get it for a deleted
    /// object.
    Denied,
    /// S3's `MethodNotAllowed`, for a deleted object in a bucket with versions.
    NotAllowed,
    /// A batch of writes to a throttled table, which writes nothing and returns all as `UnprocessedItems`.
    Unprocessed,
}

/// Effect of a rule on a call.
#[derive(Debug, Clone)]
pub(super) enum Effect {
    Fault(Fault),
    Breakpoint(Moment, Gate),
}

impl Fault {
    /// Faults that every call can have, the slowest first.
    pub const ALL: [Self; 8] = [
        Self::Slow,
        Self::Throttled,
        Self::Overloaded,
        Self::Broken,
        Self::ConnectionReset,
        Self::ResponseLost,
        Self::TruncatedBody,
        Self::InvalidBody,
    ];
}

impl Effect {
    /// Returns the response in place of the emulator's, or `None` if the call continues.
    ///
    /// # Errors
    /// The effect closes the connection.
    pub(super) async fn before(&self, service: Service, body: &[u8]) -> Result<Option<Response>> {
        match self {
            Self::Breakpoint(Moment::Before, gate) => gate.pass().await.map(|()| None),
            Self::Fault(Fault::ConnectionReset) => bail!("the request is lost"),
            Self::Fault(Fault::Unprocessed) => unprocessed(body).map(Some),
            Self::Fault(fault) => Ok(refusal(*fault, service)),
            Self::Breakpoint(..) => Ok(None),
        }
    }

    /// Returns the response that the function gets in place of the emulator's.
    ///
    /// # Errors
    /// The effect closes the connection.
    pub(super) async fn after(&self, response: Response) -> Result<Response> {
        match self {
            Self::Breakpoint(Moment::After, gate) => gate.pass().await.map(|()| response),
            Self::Fault(Fault::ResponseLost) => bail!("the response is lost"),
            // Ends with the connection, after the function's timeout.
            Self::Fault(Fault::Slow) => std::future::pending().await,
            Self::Fault(Fault::TruncatedBody) => halved(response).await,
            Self::Fault(Fault::InvalidBody) => {
                Ok(Response::new(Body::from("<html>welcome to the hotel</html>")))
            }
            _ => Ok(response),
        }
    }
}

/// Returns the response to a batch of which nothing was processed.
fn unprocessed(body: &[u8]) -> Result<Response> {
    let batch: Value = serde_json::from_slice(body)?;
    let items = json!({ "UnprocessedItems": batch["RequestItems"] });
    let response = Response::builder().header(header::CONTENT_TYPE, "application/x-amz-json-1.0");
    Ok(response.body(Body::from(items.to_string()))?)
}

/// Returns the response of the service for this fault, or `None` for a fault without one.
fn refusal(fault: Fault, service: Service) -> Option<Response> {
    let (status, code) = match (fault, service) {
        (Fault::Throttled, Service::DynamoDb) => (400, "ProvisionedThroughputExceededException"),
        (Fault::Overloaded, Service::DynamoDb) => (400, "ThrottlingException"),
        (Fault::Broken, Service::DynamoDb) => (500, "InternalServerError"),
        (Fault::Contended, Service::DynamoDb) => (400, "TransactionCanceledException"),
        (Fault::Denied, Service::DynamoDb) => (400, "AccessDeniedException"),
        (Fault::Throttled, Service::S3) => (503, "SlowDown"),
        (Fault::Overloaded, Service::S3) => (503, "ServiceUnavailable"),
        (Fault::Broken, Service::S3) => (500, "InternalError"),
        (Fault::Contended, Service::S3) => (409, "ConditionalRequestConflict"),
        (Fault::Denied, Service::S3) => (403, "AccessDenied"),
        (Fault::NotAllowed, Service::S3) => (405, "MethodNotAllowed"),
        _ => return None,
    };
    let (content_type, body) = match service {
        Service::DynamoDb => ("application/x-amz-json-1.0", exception(code)),
        Service::S3 => {
            ("application/xml", format!("<Error><Code>{code}</Code><Message>no</Message></Error>"))
        }
    };
    let response = Response::builder().status(status).header(header::CONTENT_TYPE, content_type);
    response.body(Body::from(body)).ok()
}

fn exception(code: &str) -> String {
    let name = format!("com.amazonaws.dynamodb.v20120810#{code}");
    let reasons =
        json!([{ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" }]);
    json!({ "__type": name, "message": "no", "CancellationReasons": reasons }).to_string()
}

/// Cuts the body in half and keeps its `Content-Length`. A response without a body is lost.
async fn halved(response: Response) -> Result<Response> {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await?;
    if body.is_empty() {
        bail!("the response is lost");
    }
    parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
    let half = stream::iter([Ok::<Bytes, std::io::Error>(body.slice(..body.len() / 2))]);
    let end = stream::once(async {
        // Lets the server send the first half.
        tokio::task::yield_now().await;
        Err(std::io::ErrorKind::ConnectionReset.into())
    });
    Ok(Response::from_parts(parts, Body::from_stream(half.chain(end))))
}
