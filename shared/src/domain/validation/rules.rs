//! Translates the rules that `validator` found broken into issues. Knows the names and parameters of its rules; which
//! rules there are, the types with `#[derive(Validate)]` say.

use serde_json::Value;
use validator::{ValidationError, ValidationErrors, ValidationErrorsKind};

use super::issue::{Issue, IssueCode, Path, Segment};
use super::number;

/// All issues at or below `path`.
pub(super) fn issues(errors: &ValidationErrors, path: &Path) -> Vec<Issue> {
    let fields = errors.errors().iter();
    fields.flat_map(|(field, kind)| below(kind, &extended(path, Segment::Key(camel_case(field))))).collect()
}

fn below(kind: &ValidationErrorsKind, path: &Path) -> Vec<Issue> {
    match kind {
        ValidationErrorsKind::Struct(errors) => issues(errors, path),
        ValidationErrorsKind::List(items) => items
            .iter()
            .flat_map(|(index, errors)| issues(errors, &extended(path, Segment::Index(*index))))
            .collect(),
        ValidationErrorsKind::Field(errors) => {
            errors.iter().map(|error| issue(error, path.clone())).collect()
        }
    }
}

fn extended(path: &Path, step: Segment) -> Path {
    path.iter().cloned().chain([step]).collect()
}

fn issue(error: &ValidationError, path: Path) -> Issue {
    let code = match error.code.as_ref() {
        "length" | "range" if above(error) => IssueCode::TooBig,
        "length" | "range" => IssueCode::TooSmall,
        name => IssueCode::named(name),
    };
    let message =
        error.message.as_ref().map_or_else(|| wording(error, code, path.last()), ToString::to_string);
    Issue { path, code, message }
}

/// Whether the value is above the rule's upper bound; otherwise it is below the lower one.
fn above(error: &ValidationError) -> bool {
    let max = error.params.get("max").or_else(|| error.params.get("equal")).and_then(Value::as_f64);
    let size = error.params.get("value").and_then(size);
    matches!((size, max), (Some(size), Some(max)) if size > max)
}

#[expect(clippy::cast_precision_loss, reason = "no input is long enough for a length to lose precision")]
fn size(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => Some(text.chars().count() as f64),
        Value::Array(items) => Some(items.len() as f64),
        other => other.as_f64(),
    }
}

/// The wording that users of Zod 4 know, but for an empty text that must not be empty.
fn wording(error: &ValidationError, code: IssueCode, field: Option<&Segment>) -> String {
    let param = |name| error.params.get(name).or_else(|| error.params.get("equal"));
    let bound = |name| param(name).map_or_else(String::new, ToString::to_string);
    match (code, error.params.get("value")) {
        (IssueCode::TooSmall, Some(Value::String(_))) if bound("min") == "1" => {
            format!("{} is required", sentence_case(field))
        }
        (IssueCode::TooSmall, Some(Value::String(_))) => {
            format!("Too small: expected string to have >={} characters", bound("min"))
        }
        (IssueCode::TooBig, Some(Value::String(_))) => {
            format!("Too big: expected string to have <={} characters", bound("max"))
        }
        (IssueCode::TooSmall, Some(Value::Array(_))) => {
            format!("Too small: expected array to have >={} items", bound("min"))
        }
        (IssueCode::TooBig, Some(Value::Array(_))) => {
            format!("Too big: expected array to have <={} items", bound("max"))
        }
        (IssueCode::TooSmall, _) => number::too_small(bound("min")),
        (IssueCode::TooBig, _) => number::too_big(bound("max")),
        (IssueCode::InvalidFormat, _) => "Invalid format".to_owned(),
        (IssueCode::InvalidType | IssueCode::Custom, _) => "Invalid input".to_owned(),
    }
}

fn sentence_case(field: Option<&Segment>) -> String {
    let Some(Segment::Key(field)) = field else {
        return "Value".to_owned();
    };
    capitalized(field)
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|initial| initial.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// `validator` reports the names of Rust fields; on the wire every key is camelCase.
fn camel_case(field: &str) -> String {
    let mut words = field.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &capitalized(word))
}
