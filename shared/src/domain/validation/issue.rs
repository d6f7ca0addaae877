//! Issues of invalid input: path, code and message.

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
    /// Returns the code of this name, or [`IssueCode::Custom`].
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

/// Path from the root of the input to the value at fault; empty for the root.
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
    /// Makes one issue, with one field.
    ///
    /// ```
    /// use shared::domain::validation::{IssueCode, Issues};
    ///
    /// let issues = Issues::one("number", IssueCode::InvalidFormat, "Number must begin with INV-");
    /// assert_eq!(issues.field().as_deref(), Some("number"));
    /// assert_eq!(issues.summary(), "Number must begin with INV-");
    /// ```
    #[must_use]
    pub fn one(field: &str, code: IssueCode, message: &str) -> Self {
        Self(vec![Issue { path: vec![Segment::Key(field.to_owned())], code, message: message.to_owned() }])
    }

    /// Makes one issue, with the input as a whole.
    ///
    /// ```
    /// use shared::domain::validation::{IssueCode, Issues};
    ///
    /// let issues = Issues::whole(IssueCode::Custom, "An invoice needs a line or a discount");
    /// assert_eq!(issues.field(), None);
    /// ```
    #[must_use]
    pub fn whole(code: IssueCode, message: &str) -> Self {
        Self(vec![Issue { path: Path::new(), code, message: message.to_owned() }])
    }

    /// Returns these issues, or `None` if there are none.
    pub(super) fn some(issues: Vec<Issue>) -> Option<Self> {
        (!issues.is_empty()).then_some(Self(issues))
    }

    /// Returns the issues in order.
    #[must_use]
    pub fn as_slice(&self) -> &[Issue] {
        &self.0
    }

    /// Returns the path of the first issue, as `a.0.b`; `None` if it is with the input as a whole.
    #[must_use]
    pub fn field(&self) -> Option<String> {
        let path = &self.0.first()?.path;
        let steps = path.iter().map(|step| match step {
            Segment::Key(key) => key.clone(),
            Segment::Index(index) => index.to_string(),
        });
        (!path.is_empty()).then(|| steps.collect::<Vec<_>>().join("."))
    }

    /// Returns the message of the only issue, or the number of issues.
    #[must_use]
    pub fn summary(&self) -> String {
        match self.0.as_slice() {
            [only] => only.message.clone(),
            all => format!("The request breaks {} rules", all.len()),
        }
    }
}
