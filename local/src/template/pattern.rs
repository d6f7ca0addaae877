//! Filter patterns of event sources: which records a function gets.
//!
//! Only a part of the language is supported: nested objects, and arrays of literal values, of which any may match. Any
//! other pattern is an error, because a function must not get records that it would not get on AWS.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html>

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};

/// Pattern that records are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Node);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    /// Fields that all must match.
    Fields(Vec<(String, Node)>),
    /// Values of which one must match.
    Values(Vec<Value>),
}

impl Pattern {
    /// Parses the JSON of a pattern.
    ///
    /// # Errors
    /// When it is not JSON, or uses a part of the language that is not supported.
    pub fn parse(text: &str) -> Result<Self> {
        let read = || match serde_json::from_str(text)? {
            Value::Object(fields) => Node::fields(fields),
            other => bail!("{other} is not an object"),
        };
        read().map(Self).with_context(|| format!("the local stack does not support the pattern {text}"))
    }

    /// Returns `true` if the record matches.
    #[must_use]
    pub fn matches(&self, record: &Value) -> bool {
        self.0.matches(record)
    }
}

impl Node {
    fn fields(fields: Map<String, Value>) -> Result<Self> {
        ensure!(!fields.is_empty(), "an object without fields");
        let field = |(name, value)| {
            let node = Self::parse(value).with_context(|| format!("field {name}"))?;
            Ok((name, node))
        };
        fields.into_iter().map(field).collect::<Result<_>>().map(Self::Fields)
    }

    fn parse(value: Value) -> Result<Self> {
        match value {
            Value::Object(fields) => Self::fields(fields),
            Value::Array(values) => {
                let other = values.iter().find(|value| value.is_object() || value.is_array());
                ensure!(other.is_none(), "{} is not a literal", other.unwrap_or_default());
                ensure!(!values.is_empty(), "an array without values");
                Ok(Self::Values(values))
            }
            literal => bail!("{literal} is not in an array"),
        }
    }

    fn matches(&self, found: &Value) -> bool {
        match (self, found) {
            (Self::Fields(fields), _) => {
                fields.iter().all(|(name, node)| found.get(name).is_some_and(|value| node.matches(value)))
            }
            // A set matches by any of its elements.
            (Self::Values(values), Value::Array(elements)) => {
                elements.iter().any(|element| values.contains(element))
            }
            (Self::Values(values), value) => values.contains(value),
        }
    }
}
