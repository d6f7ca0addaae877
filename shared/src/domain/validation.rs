//! Parsing of untrusted input into a value that satisfies its rules, or into the list of its issues.
//!
//! A type derives [`Input`]; docs/INPUTS.md shows every attribute. Only [`parse`] calls [`Input::read`] from outside, so a
//! value with private fields is proof that its rules hold.

mod at;
mod bounds;
mod collections;
#[doc(hidden)]
pub mod derived;
mod issue;
mod number;
mod rules;
mod scalars;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod specimen;

pub use at::At;
pub(crate) use collections::NULL_REMOVES;
pub use collections::Patch;
pub use issue::{Issue, IssueCode, Issues, Path, Segment};
pub use serde_json::Value;
/// Implements [`Input`]. docs/INPUTS.md shows every attribute.
///
/// ```
/// use serde_json::json;
/// use shared::domain::validation::{Input, Source, parse};
///
/// #[derive(Input)]
/// #[serde(rename_all = "camelCase")]
/// struct NewInvoice {
///     #[input(trim)]
///     #[validate(length(min = 1, max = 100))]
///     customer_name: String,
///     #[validate(range(min = 1))]
///     amount: u64,
/// }
///
/// let invoice: NewInvoice = parse(json!({"customerName": " Ada ", "amount": 1250}), Source::Json).unwrap();
/// assert_eq!((invoice.customer_name.as_str(), invoice.amount), ("Ada", 1250));
///
/// let issues = parse::<NewInvoice>(json!({"amount": 0}), Source::Json).err().unwrap();
/// assert_eq!(issues.as_slice().len(), 2);
/// ```
///
/// An unknown attribute is a compile error:
///
/// ```compile_fail
/// #[derive(shared::domain::validation::Input)]
/// struct Note {
///     #[validate(must_match(other = "text"))]
///     text: String,
/// }
/// ```
pub use shared_derive::Input;
pub use validator::ValidationError;

/// Source of a value, which decides the form of its scalars.
///
/// ```
/// use serde_json::json;
/// use shared::domain::validation::{Source, parse};
///
/// assert_eq!(parse::<bool>(json!("true"), Source::Text), Ok(true));
/// assert!(parse::<bool>(json!("true"), Source::Json).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A JSON body: numbers and flags are JSON's.
    Json,
    /// Query parameters: every scalar is text.
    Text,
}

/// Value that callers send. `#[derive(Input)]` implements it. An implementation by hand:
///
/// ```
/// use shared::domain::validation::{At, Input, Source, Value, parse};
///
/// struct Percent(u8);
///
/// impl Input for Percent {
///     fn read(value: Option<Value>, at: &mut At<'_>) -> Option<Self> {
///         let number = |text: &str| text.strip_suffix('%')?.parse().ok();
///         at.parsed(value, "Rate must be a number and %", number).map(Self)
///     }
/// }
///
/// assert!(parse::<Percent>("19%".into(), Source::Json).is_ok_and(|rate| rate.0 == 19));
/// let issues = parse::<Percent>("19".into(), Source::Json).err().unwrap();
/// assert_eq!(issues.summary(), "Rate must be a number and %");
/// ```
pub trait Input: Sized {
    /// Reads a value, which is `None` if it is missing. Notes an issue at `at` and returns `None` if it is invalid.
    fn read(value: Option<Value>, at: &mut At<'_>) -> Option<Self>;
}

/// Parses `value` into a `T` that satisfies its rules.
///
/// ```
/// use serde_json::json;
/// use shared::domain::validation::{Source, parse};
///
/// assert_eq!(parse::<Vec<u8>>(json!([1, 2]), Source::Json), Ok(vec![1, 2]));
/// let issues = parse::<Vec<u8>>(json!([1, 300]), Source::Json).unwrap_err();
/// assert_eq!(issues.field().as_deref(), Some("1"));
/// ```
///
/// # Errors
///
/// All mismatches and broken rules, up to 100, in the order in which `T` declares its fields.
pub fn parse<T: Input>(value: Value, source: Source) -> Result<T, Issues> {
    let (read, issues) = at::read(value, source);
    match (read, Issues::some(issues)) {
        (Some(value), None) => Ok(value),
        (_, Some(issues)) => Err(issues),
        (None, None) => Err(Issues::whole(IssueCode::Custom, "Invalid input")),
    }
}

#[cfg(test)]
mod tests;
