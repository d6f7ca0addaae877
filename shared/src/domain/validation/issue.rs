//! What a caller reads about invalid input: where, what kind, in words.

use serde::Serialize;

/// Kind of a broken rule, named as Zod 4 names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[derive(schemars::JsonSchema)]
pub enum IssueCode {
    /// The value is missing, or of another type than expected.
    InvalidType,
    /// Shorter, or less, than allowed.
    TooSmall,
    /// Longer, or more, than allowed.
    TooBig,
    /// Text that doesn't have the expected form.
    InvalidFormat,
    /// Any other rule.
    Custom,
}

impl IssueCode {
    /// The code of this name, or [`IssueCode::Custom`].
    pub(super) fn named(name: &str) -> Self {
        match name {
            "invalid_type" => Self::InvalidType,
            "too_small" => Self::TooSmall,
            "too_big" => Self::TooBig,
            "invalid_format" => Self::InvalidFormat,
            _ => Self::Custom,
        }
    }
}

/// Key of an object, or index in an array.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[derive(schemars::JsonSchema)]
pub enum Segment {
    /// Key of an object.
    Key(String),
    /// Index in an array, from 0.
    Index(usize),
}

/// The way from the whole input to the value at fault; empty for the input itself.
pub type Path = Vec<Segment>;

/// Broken rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Issue {
    /// Keys and indexes that lead to the value at fault; empty for the whole input.
    pub path: Path,
    /// Kind of the rule.
    pub code: IssueCode,
    /// Reason in words, for developers and, where a rule gives its own text, for users.
    pub message: String,
}

/// Rules that an input breaks, in the order of its fields; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
#[derive(schemars::JsonSchema)]
pub struct Issues(Vec<Issue>);

impl Issues {
    /// One issue with one field.
    #[must_use]
    pub fn one(field: &str, code: IssueCode, message: &str) -> Self {
        Self(vec![Issue { path: vec![Segment::Key(field.to_owned())], code, message: message.to_owned() }])
    }

    /// One issue with the input as a whole.
    #[must_use]
    pub fn whole(code: IssueCode, message: &str) -> Self {
        Self(vec![Issue { path: Path::new(), code, message: message.to_owned() }])
    }

    /// These issues, or nothing where there are none.
    pub(super) fn some(issues: Vec<Issue>) -> Option<Self> {
        (!issues.is_empty()).then_some(Self(issues))
    }

    /// The issues in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Issue] {
        &self.0
    }

    /// The first field at fault, as `a.0.b`; nothing where the input as a whole is.
    #[must_use]
    pub fn field(&self) -> Option<String> {
        let path = &self.0.first()?.path;
        let steps = path.iter().map(|step| match step {
            Segment::Key(key) => key.clone(),
            Segment::Index(index) => index.to_string(),
        });
        (!path.is_empty()).then(|| steps.collect::<Vec<_>>().join("."))
    }

    /// One sentence for all of them.
    #[must_use]
    pub fn summary(&self) -> String {
        match self.0.as_slice() {
            [only] => only.message.clone(),
            all => format!("The request breaks {} rules", all.len()),
        }
    }
}
