//! Values of the template with references: `!Ref`, `!GetAtt`, `!Sub` and `!If`, in short or long form.
//!
//! Other functions (`!ImportValue`, …) are kept as unknown, because the stack uses few of their values.

use yaml_serde::Value;

use super::Names;
use super::parameters::{Parameter, Parameters, text};

/// Value of the template with unresolved references to resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// `!Ref` to a resource or a pseudo parameter.
    Reference(String),
    /// `!GetAtt` of a resource: its logical id and the attribute.
    Attribute(String, String),
    /// Part without a value in the stack, with its text for messages.
    Unknown(String),
}

impl Expression {
    /// Parses `value` and replaces references to `parameters` by their defaults.
    pub(super) fn read(value: &Value, parameters: &Parameters) -> Self {
        match value {
            Value::Tagged(tagged) => Self::call(&tagged.tag.to_string(), &tagged.value, parameters),
            Value::Mapping(mapping) if mapping.len() == 1 => match mapping.iter().next() {
                Some((Value::String(name), argument)) => Self::call(name, argument, parameters),
                _ => Self::unknown("a mapping"),
            },
            Value::Mapping(_) | Value::Sequence(_) | Value::Null => Self::unknown("not a single value"),
            scalar => Self(vec![Part::Text(text(scalar))]),
        }
    }

    /// Resolves the value; `None` if a part of it is unknown.
    #[must_use]
    pub fn resolve(&self, names: &Names) -> Option<String> {
        self.0.iter().map(|part| part.resolve(names)).collect()
    }

    /// Returns the logical id if the value is a single `!Ref` to a resource.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Reference(id)] => Some(id),
            _ => None,
        }
    }

    /// Returns the logical id and the attribute if the value is a single `!GetAtt` of a resource.
    #[must_use]
    pub fn attribute(&self) -> Option<(&str, &str)> {
        match self.0.as_slice() {
            [Part::Attribute(id, attribute)] => Some((id, attribute)),
            _ => None,
        }
    }

    /// Returns the text if the value has no references to resources.
    #[must_use]
    pub fn literal(&self) -> Option<String> {
        self.resolve(&Names::default())
    }

    fn unknown(text: &str) -> Self {
        Self(vec![Part::Unknown(text.to_owned())])
    }

    fn call(function: &str, argument: &Value, parameters: &Parameters) -> Self {
        match (function.trim_start_matches('!').trim_start_matches("Fn::"), argument) {
            ("Ref", Value::String(id)) => Self(vec![reference(id, parameters)]),
            ("GetAtt", Value::String(path)) => Self(vec![attribute(path)]),
            ("GetAtt", Value::Sequence(path)) => {
                Self(vec![attribute(&path.iter().map(text).collect::<Vec<_>>().join("."))])
            }
            ("Sub", Value::String(pattern)) => Self(substitute(pattern, parameters)),
            ("If", Value::Sequence(choice)) => match parameters.choose(choice) {
                Some(chosen) => Self::read(chosen, parameters),
                None => Self::unknown("If"),
            },
            (other, _) => Self::unknown(other),
        }
    }
}

impl Part {
    fn resolve(&self, names: &Names) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Reference(id) => names.name(id),
            Self::Attribute(id, attribute) => names.attribute(id, attribute),
            Self::Unknown(_) => None,
        }
    }
}

fn reference(id: &str, parameters: &Parameters) -> Part {
    match parameters.declared.get(id) {
        None => Part::Reference(id.to_owned()),
        Some(Parameter { default: Some(value) }) => Part::Text(text(value)),
        Some(Parameter { default: None }) => Part::Unknown(id.to_owned()),
    }
}

fn attribute(path: &str) -> Part {
    match path.split_once('.') {
        Some((id, attribute)) => Part::Attribute(id.to_owned(), attribute.to_owned()),
        None => Part::Unknown(path.to_owned()),
    }
}

/// Splits a `!Sub` pattern; `${!x}` stands for the text `${x}`.
fn substitute(pattern: &str, parameters: &Parameters) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, following)) = after.split_once('}') else {
            break;
        };
        parts.push(Part::Text(before.to_owned()));
        parts.push(match name.strip_prefix('!') {
            Some(escaped) => Part::Text(format!("${{{escaped}}}")),
            None if name.contains('.') => attribute(name),
            None => reference(name, parameters),
        });
        rest = following;
    }
    parts.push(Part::Text(rest.to_owned()));
    parts
}
