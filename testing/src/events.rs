//! Events, also as other gateways send them, and a function's own responses to them.

use anyhow::{Context, Result, bail};
use local::client::Response;
use local::lambda::Outcome;
use serde_json::{Map, Value, json};

use super::app::App;
use super::contract::received;

/// Returns the event with another value at this JSON pointer.
#[must_use]
pub fn changed(event: &Value, pointer: &str, value: &Value) -> Value {
    let mut event = event.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
    if let Some(Value::Object(parent)) = event.pointer_mut(parent) {
        parent.insert(name.to_owned(), value.clone());
    }
    event
}

/// Converts an event of format 2.0 to format 1.0, as a REST API with the stage `prod` sends it.
#[must_use]
pub fn format_1(event: &Value) -> Value {
    let context = &event["requestContext"];
    let arrays = |texts: &Value| {
        let texts = texts.as_object().into_iter().flatten();
        texts.map(|(name, text)| (name.clone(), json!([text]))).collect::<Map<_, _>>()
    };
    let query = event["queryStringParameters"].clone();
    let mut headers = event["headers"].clone();
    if let Some(cookies) = event["cookies"].as_array() {
        headers["cookie"] = cookies.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; ").into();
    }
    json!({
        "resource": event["routeKey"].as_str().and_then(|key| key.split(' ').nth(1)),
        "path": event["rawPath"],
        "httpMethod": context["http"]["method"],
        "multiValueHeaders": arrays(&headers),
        "headers": headers,
        "multiValueQueryStringParameters": arrays(&query),
        "queryStringParameters": query,
        "pathParameters": event["pathParameters"],
        "requestContext": {
            "path": format!("/prod{}", event["rawPath"].as_str().unwrap_or_default()),
            "stage": "prod",
            "requestId": context["requestId"],
            "identity": {"sourceIp": context["http"]["sourceIp"]},
        },
        "body": event["body"],
        "isBase64Encoded": event["isBase64Encoded"],
    })
}

impl App {
    /// Invokes a function and returns its response to the gateway.
    ///
    /// # Errors
    /// The invocation fails.
    pub async fn raw(&self, function: &str, event: &Value) -> Result<Value> {
        let outcome = self.stack.invoke(function, event.to_string()).await?;
        let Outcome::Response(response) = outcome else {
            bail!("{function} failed with {outcome:?} on {event}")
        };
        Ok(serde_json::from_slice(&response)?)
    }

    /// Invokes a function and returns its response as a client receives it.
    ///
    /// # Errors
    /// The invocation fails, or the response breaks a rule for all responses.
    pub async fn response(&self, function: &str, event: &Value) -> Result<Response> {
        received(&self.raw(function, event).await?).with_context(|| format!("{function} got {event}"))
    }
}
