//! Permissions that AWS requires for a call.

use http::request::Parts;
use local::emulators::Service;
use serde_json::Value;

/// An IAM action on a resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// Action, such as `s3:PutObject`.
    pub action: String,
    /// Name of the table, or bucket and object as `bucket/key`.
    pub resource: String,
}

impl Permission {
    fn new(action: &str, resource: &str) -> Self {
        Self { action: action.to_owned(), resource: resource.to_owned() }
    }
}

/// Returns the permissions that a call needs. An unknown operation yields its own name, which no policy allows.
pub(super) fn needed(service: Service, operation: &str, parts: &Parts, body: &[u8]) -> Vec<Permission> {
    match service {
        Service::DynamoDb => of_tables(operation, &serde_json::from_slice(body).unwrap_or_default()),
        Service::S3 => of_objects(operation, parts),
    }
}

/// A transaction has no action of its own: each part needs the permission of its single operation. A batch has one, for
/// each of its tables.
fn of_tables(operation: &str, body: &Value) -> Vec<Permission> {
    let permission = |operation: &str, body: &Value| {
        Permission::new(&format!("dynamodb:{operation}"), body["TableName"].as_str().unwrap_or_default())
    };
    let part = |(kind, part): (&String, &Value)| match kind.as_str() {
        "ConditionCheck" => permission("ConditionCheckItem", part),
        kind => permission(&format!("{kind}Item"), part),
    };
    let parts = body["TransactItems"].as_array().into_iter().flatten().filter_map(Value::as_object).flatten();
    match body["RequestItems"].as_object() {
        Some(tables) => {
            tables.keys().map(|table| Permission::new(&format!("dynamodb:{operation}"), table)).collect()
        }
        None if operation.starts_with("Transact") => parts.map(part).collect(),
        None => vec![permission(operation, body)],
    }
}

/// Tags in the request that puts an object need a permission of their own. A missing object is 404 for callers who may list
/// the bucket, and 403 for all others.
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
    let bucket = path.split('/').next().unwrap_or_default();
    let listing = matches!(operation, "GET" | "HEAD" | "DELETE?tagging")
        .then(|| Permission::new("s3:ListBucket", bucket));
    actions.iter().map(|action| Permission::new(action, path)).chain(listing).collect()
}
