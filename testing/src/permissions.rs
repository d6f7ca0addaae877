//! What a caller of AWS must be allowed for a call to take place. What must stay out: who is allowed what.

use http::request::Parts;
use local::emulators::Service;
use serde_json::Value;

/// An action of IAM and what it is done to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// Such as `s3:PutObject`.
    pub action: String,
    /// The table's name, or bucket and object as `bucket/key`.
    pub resource: String,
}

impl Permission {
    fn new(action: &str, resource: &str) -> Self {
        Self { action: action.to_owned(), resource: resource.to_owned() }
    }
}

/// All that this call needs. What isn't known here gets the name of its operation, which nobody can have been given.
pub(super) fn needed(service: Service, operation: &str, parts: &Parts, body: &[u8]) -> Vec<Permission> {
    match service {
        Service::DynamoDb => of_tables(operation, &serde_json::from_slice(body).unwrap_or_default()),
        Service::S3 => of_objects(operation, parts),
    }
}

/// A transaction is no action of its own: each of its parts needs what it would need alone.
fn of_tables(operation: &str, body: &Value) -> Vec<Permission> {
    let permission = |operation: &str, body: &Value| {
        Permission::new(&format!("dynamodb:{operation}"), body["TableName"].as_str().unwrap_or_default())
    };
    let part = |(kind, part): (&String, &Value)| match kind.as_str() {
        "ConditionCheck" => permission("ConditionCheckItem", part),
        kind => permission(&format!("{kind}Item"), part),
    };
    let parts = body["TransactItems"].as_array().into_iter().flatten().filter_map(Value::as_object).flatten();
    if operation.starts_with("Transact") {
        parts.map(part).collect()
    } else {
        vec![permission(operation, body)]
    }
}

/// Tags that come with an object need a right of their own.
fn of_objects(operation: &str, parts: &Parts) -> Vec<Permission> {
    let actions: &[&str] = match operation {
        "PUT" if parts.headers.contains_key("x-amz-tagging") => &["s3:PutObject", "s3:PutObjectTagging"],
        "PUT" => &["s3:PutObject"],
        "PUT?tagging" => &["s3:PutObjectTagging"],
        "GET" | "HEAD" => &["s3:GetObject"],
        "GET?tagging" => &["s3:GetObjectTagging"],
        "DELETE" => &["s3:DeleteObject"],
        "DELETE?tagging" => &["s3:DeleteObjectTagging"],
        other => &[other],
    };
    let path = parts.uri.path().trim_start_matches('/');
    actions.iter().map(|action| Permission::new(action, path)).collect()
}
