//! Calls of `DynamoDB`: JSON over HTTP, signed, with a timeout and retries.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::Full;
use lambda_runtime::Error;
use serde::Deserialize;

use crate::connections::Connections;
use crate::log::Record;
use crate::process::{now, required, variable};
use crate::signature::{JSON, Signer};

const ATTEMPTS: u32 = 3;
const TIMEOUT: Duration = Duration::from_secs(2);

pub(crate) struct DynamoDb {
    pub(crate) connections: Connections,
    signer: Signer,
    host: HeaderValue,
}

/// Operation and its value of `x-amz-target`.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) target: &'static str,
}

/// Attribute that is a text.
#[derive(Deserialize)]
pub(crate) struct Text<'a> {
    #[serde(rename = "S", borrow)]
    pub(crate) text: Cow<'a, str>,
}

/// Attribute that is a number.
#[derive(Deserialize)]
pub(crate) struct Number<'a> {
    #[serde(rename = "N", borrow)]
    pub(crate) digits: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Failure<'a> {
    #[serde(rename = "__type", borrow)]
    kind: Cow<'a, str>,
}

/// Failed call.
pub(crate) enum CallError {
    /// The condition does not hold.
    ConditionFailed,
    Other(Error),
}

impl DynamoDb {
    /// Reads the region, the endpoint and the credentials.
    ///
    /// # Errors
    /// One is missing or invalid.
    pub(crate) fn open() -> Result<Self, Error> {
        let region = required("AWS_REGION")?;
        let named = ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"].into_iter().find_map(variable);
        let endpoint: Uri =
            named.unwrap_or_else(|| format!("https://dynamodb.{region}.amazonaws.com")).parse()?;
        let host = endpoint.authority().ok_or("the endpoint has no host")?.as_str();
        Ok(Self {
            host: HeaderValue::try_from(host)?,
            signer: Signer::open(&region)?,
            connections: Connections::to(&endpoint)?,
        })
    }

    /// Makes a call and returns the response's JSON.
    ///
    /// # Errors
    /// All attempts failed, or the condition does not hold.
    pub(crate) async fn call(
        &self,
        operation: &Operation,
        input: String,
        table: &str,
        record: &Record,
    ) -> Result<Bytes, CallError> {
        let body = Bytes::from(input);
        let _call = record.call(operation.name, table);
        let mut attempt = 1;
        loop {
            let sent = tokio::time::timeout(TIMEOUT, self.send(operation, body.clone())).await;
            let error = match sent.unwrap_or_else(|elapsed| Err(elapsed.into())) {
                Ok(response) if response.status().is_success() => return Ok(response.into_body()),
                Ok(response) => failure(&response)?,
                Err(error) => error,
            };
            if attempt == ATTEMPTS {
                return Err(CallError::Other(error));
            }
            tokio::time::sleep(Duration::from_millis(50) * attempt).await;
            attempt += 1;
        }
    }

    async fn send(&self, operation: &Operation, body: Bytes) -> Result<Response<Bytes>, Error> {
        let signed = self.signer.sign(self.host.to_str()?, operation.target, &body, now())?;
        let mut request = Request::post("/")
            .header("host", &self.host)
            .header("content-type", JSON)
            .header("x-amz-target", operation.target)
            .header("x-amz-date", signed.date)
            .header("authorization", signed.authorization);
        if let Some(token) = &self.signer.session_token {
            request = request.header("x-amz-security-token", token);
        }
        self.connections.send(request.body(Full::new(body))?).await
    }
}

/// Returns a text as JSON.
pub(crate) fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// Returns the error of a response that may be repeated.
///
/// # Errors
/// The failure is final.
fn failure(response: &Response<Bytes>) -> Result<Error, CallError> {
    let failure = serde_json::from_slice::<Failure<'_>>(response.body());
    let kind = failure.map(|failure| failure.kind.into_owned()).unwrap_or_default();
    if kind.ends_with("#ConditionalCheckFailedException") {
        return Err(CallError::ConditionFailed);
    }
    let is_transient = response.status().is_server_error() || kind.ends_with("ThrottlingException");
    let error = format!("{}: {kind}", response.status()).into();
    if is_transient || kind.ends_with("ThroughputExceededException") {
        Ok(error)
    } else {
        Err(CallError::Other(error))
    }
}
