//! CORS settings of an HTTP API, and CORS rules of a bucket. Their origins are ignored, because the developer sets them
//! for the stack.

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use yaml_serde::Value;

/// `CorsConfiguration` of an `AWS::Serverless::HttpApi`, or one of the `CorsRules` of an `AWS::S3::Bucket`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Cors {
    /// Allows cookies. Rules of buckets always do.
    pub allow_credentials: bool,
    /// Request headers that pages may send.
    #[serde(alias = "AllowedHeaders")]
    pub allow_headers: Vec<String>,
    /// Methods that pages may use.
    #[serde(alias = "AllowedMethods")]
    pub allow_methods: Vec<String>,
    /// Response headers that pages may read.
    #[serde(alias = "ExposedHeaders")]
    pub expose_headers: Vec<String>,
    /// Time that browsers may cache the response to a preflight, in seconds.
    pub max_age: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Properties {
    cors_configuration: Option<Value>,
}

/// `CorsConfiguration` of an `AWS::S3::Bucket`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Rules {
    cors_rules: Vec<Cors>,
}

impl Cors {
    /// Reads the settings of an HTTP API from its properties.
    pub(super) fn read(properties: Value) -> Result<Option<Self>> {
        configuration(properties)
    }

    /// Reads the rules of a bucket from its properties.
    pub(super) fn read_rules(properties: Value) -> Result<Vec<Self>> {
        Ok(configuration::<Rules>(properties)?.unwrap_or_default().cors_rules)
    }
}

fn configuration<T: DeserializeOwned>(properties: Value) -> Result<Option<T>> {
    let properties: Option<Properties> = yaml_serde::from_value(properties)?;
    let configuration = properties.and_then(|properties| properties.cors_configuration);
    configuration.map(resolve_if).map(yaml_serde::from_value).transpose().context("its CorsConfiguration")
}

/// Returns the value of `!If` for a true condition. A template may have CORS only if there are origins, and the stack has.
fn resolve_if(value: Value) -> Value {
    let choice = match &value {
        Value::Tagged(tagged) if tagged.tag == "If" => Some(&tagged.value),
        other => other.get("Fn::If"),
    };
    choice.and_then(|choice| choice.get(1)).cloned().unwrap_or(value)
}
