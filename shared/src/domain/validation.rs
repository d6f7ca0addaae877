//! From untrusted input to a value that keeps its rules, or to the list of what is wrong with it.
//!
//! A type says what it is with `#[derive(Input)]`; docs/INPUTS.md shows how. [`parse`] is the only caller of
//! [`Input::read`] from outside, so a value whose fields are private is proof that its rules hold.

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
pub use collections::Patch;
pub use issue::{Issue, IssueCode, Issues, Path, Segment};
pub use serde_json::Value;
/// Implements [`Input`], as docs/INPUTS.md shows.
///
/// An attribute that it doesn't know is a compile error:
///
/// ```compile_fail
/// #[derive(shared::domain::validation::Input)]
/// struct Note {
///     #[validate(must_match(other = "text"))]
///     text: String,
/// }
/// ```
///
/// Without it:
///
/// ```
/// #[derive(shared::domain::validation::Input)]
/// struct Note {
///     #[validate(length(min = 1))]
///     text: String,
/// }
/// ```
pub use shared_derive::Input;
pub use validator::ValidationError;

/// Source of a value, which decides what its scalars look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A JSON body: numbers and flags are what JSON says they are.
    Json,
    /// Query parameters: every scalar is text.
    Text,
}

/// A value that callers send.
///
/// `#[derive(Input)]` implements it. By hand:
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
    /// Reads a value, or `None` where one is missing. Returns `None` once it has noted at `at` why there is no `Self`.
    fn read(value: Option<Value>, at: &mut At<'_>) -> Option<Self>;
}

/// Reads `value` as a `T` that keeps its rules.
///
/// # Errors
///
/// All mismatches and broken rules, up to a hundred, in the order in which `T` declares its fields.
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
