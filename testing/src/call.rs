//! Calls of functions to emulators, read from their requests.

use http::Uri;
use http::request::Parts;
use local::emulators::Service;
use serde_json::Value;

/// A call of a function to an emulator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Service that the emulator implements.
    pub service: Service,
    /// DynamoDB's operation, such as `PutItem`; S3's method, such as `PUT`, with `?tagging` if it is about tags.
    pub operation: String,
    /// Name of the table, the first one of a batch, or path of bucket and object.
    pub target: String,
}

impl Call {
    /// Parses the call of a request.
    pub(super) fn of(service: Service, parts: &Parts, body: &[u8]) -> Self {
        let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        match target.and_then(|target| target.rsplit('.').next()) {
            Some(operation) => {
                Self { service, operation: operation.to_owned(), target: table(body).unwrap_or_default() }
            }
            None => Self {
                service,
                operation: format!(
                    "{}{}",
                    parts.method,
                    if about_tags(&parts.uri) { "?tagging" } else { "" }
                ),
                target: parts.uri.path().to_owned(),
            },
        }
    }
}

fn table(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let batch = || body["RequestItems"].as_object()?.keys().next().map(String::as_str);
    body["TableName"].as_str().or_else(batch).map(str::to_owned)
}

fn about_tags(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(|part| part.trim_end_matches('=') == "tagging"))
}
