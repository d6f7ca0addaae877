//! What can become of a call, and what a function sees of it. What must stay out: which calls are meant.

use anyhow::{Result, bail};
use axum::body::{Body, to_bytes};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header;
use local::emulators::Service;
use serde_json::json;

use super::breakpoint::{Gate, Moment};

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The emulator has no room for it: `ProvisionedThroughputExceededException`, or S3's `SlowDown`.
    Throttled,
    /// The emulator has no room for its kind: `ThrottlingException`, or S3's `ServiceUnavailable`.
    Overloaded,
    /// The emulator has a defect: `InternalServerError`, or S3's `InternalError`.
    Broken,
    /// The connection is closed, and nothing happens.
    ConnectionReset,
    /// It takes effect, and the connection is closed without an answer.
    ResponseLost,
    /// It takes effect, and the answer comes later than anyone waits.
    Slow,
    /// It takes effect, and the answer breaks off halfway.
    TruncatedBody,
    /// It takes effect, and the answer is 200 with a body that is none of the emulator's.
    InvalidBody,
    /// Another call is changing the same: a transaction canceled for `TransactionConflict`, or S3's
    /// `ConditionalRequestConflict`.
    Contended,
    /// S3's `AccessDenied`, which is also what it says of an object that is gone to who may not list the bucket.
    Denied,
    /// S3's `MethodNotAllowed`, which it says of an object that is gone in a bucket with versions.
    NotAllowed,
}

/// What a rule does to a call.
#[derive(Debug, Clone)]
pub(super) enum Effect {
    Fault(Fault),
    Breakpoint(Moment, Gate),
}

impl Fault {
    /// Every fault that any call can meet: all but [`Fault::Contended`], the one that takes longest first.
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
    /// The answer in place of the emulator's; none if the call goes on.
    ///
    /// # Errors
    /// When the connection is to be closed.
    pub(super) async fn before(&self, service: Service) -> Result<Option<Response>> {
        match self {
            Self::Breakpoint(Moment::Before, gate) => gate.pass().await.map(|()| None),
            Self::Fault(Fault::ConnectionReset) => bail!("the request is lost"),
            Self::Fault(fault) => Ok(refusal(*fault, service)),
            Self::Breakpoint(..) => Ok(None),
        }
    }

    /// What the function gets to see of the emulator's answer.
    ///
    /// # Errors
    /// When the connection is to be closed.
    pub(super) async fn after(&self, answer: Response) -> Result<Response> {
        match self {
            Self::Breakpoint(Moment::After, gate) => gate.pass().await.map(|()| answer),
            Self::Fault(Fault::ResponseLost) => bail!("the answer is lost"),
            // Ends with the connection, when the function has waited long enough.
            Self::Fault(Fault::Slow) => std::future::pending().await,
            Self::Fault(Fault::TruncatedBody) => halved(answer).await,
            Self::Fault(Fault::InvalidBody) => {
                Ok(Response::new(Body::from("<html>welcome to the hotel</html>")))
            }
            _ => Ok(answer),
        }
    }
}

/// How the emulators word it, with their status codes.
fn refusal(fault: Fault, service: Service) -> Option<Response> {
    let (status, code) = match (fault, service) {
        (Fault::Throttled, Service::DynamoDb) => (400, "ProvisionedThroughputExceededException"),
        (Fault::Overloaded, Service::DynamoDb) => (400, "ThrottlingException"),
        (Fault::Broken, Service::DynamoDb) => (500, "InternalServerError"),
        (Fault::Contended, Service::DynamoDb) => (400, "TransactionCanceledException"),
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

/// The answer with a body that ends before its length is reached. Without a body there is nothing to send of it.
async fn halved(answer: Response) -> Result<Response> {
    let (mut parts, body) = answer.into_parts();
    let body = to_bytes(body, usize::MAX).await?;
    if body.is_empty() {
        bail!("the answer is lost");
    }
    parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
    let half = stream::iter([Ok::<Bytes, std::io::Error>(body.slice(..body.len() / 2))]);
    let end = stream::once(async {
        // What was sent before goes out while this waits.
        tokio::task::yield_now().await;
        Err(std::io::ErrorKind::ConnectionReset.into())
    });
    Ok(Response::from_parts(parts, Body::from_stream(half.chain(end))))
}
