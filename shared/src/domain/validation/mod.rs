//! From untrusted input to a value that keeps its rules, or to the full list of what is wrong with it.
//!
//! A type states its shape with `#[derive(Deserialize)]` and its rules with `#[derive(Validate)]`; [`parse`] checks
//! both at once. [`Valid`] proves that it did.

mod collect;
mod issue;
mod number;
mod rules;

use std::cell::RefCell;

use serde::de::DeserializeOwned;
use serde_json::Value;
use validator::Validate;

pub use issue::{Issue, IssueCode, Issues, Path, Segment};

/// Where a value comes from, and so what its scalars look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A JSON body: numbers and flags are what JSON says they are.
    Json,
    /// Query parameters: every scalar is text.
    Text,
}

/// A value that passed all its rules. Only [`parse`] makes one.
#[derive(Debug)]
pub struct Valid<T>(T);

impl<T> Valid<T> {
    /// The value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

/// Something that callers send. Its fields are private, so that [`From<Valid<_>>`] is the only way to make one.
pub trait Input: From<Valid<Self::Fields>> {
    /// The shape on the wire (camelCase keys) and the rules.
    type Fields: DeserializeOwned + Validate;
}

/// Checks the shape and the rules of `value`.
///
/// # Errors
///
/// All mismatches and all broken rules, in the order in which `T` declares its fields.
pub fn parse<T: DeserializeOwned + Validate>(value: Value, source: Source) -> Result<Valid<T>, Issues> {
    let notes = RefCell::new(collect::Notes::default());
    let shaped = T::deserialize(collect::Node::root(value, source, &notes));
    let collect::Notes { issues: mut found, clamped, order } = notes.into_inner();
    if let Ok(shaped) = &shaped
        && let Err(broken) = shaped.validate()
    {
        // The rules saw placeholders where the shape was wrong, so they have nothing to say there.
        let broken = rules::issues(&broken, &Path::new()).into_iter();
        let broken: Vec<_> =
            broken.filter(|issue| !found.iter().any(|known| issue.path.starts_with(&known.path))).collect();
        found.extend(broken);
    }
    // The bound of a rule is nearer than that of the number's type.
    let unruled: Vec<_> =
        clamped.into_iter().filter(|issue| !found.iter().any(|known| known.path == issue.path)).collect();
    found.extend(unruled);
    found.sort_by_key(|issue| order.iter().position(|path| path == &issue.path));
    match (shaped, Issues::some(found)) {
        (Ok(value), None) => Ok(Valid(value)),
        (_, Some(issues)) => Err(issues),
        (Err(stop), None) => Err(Issues::whole(IssueCode::Custom, &stop.to_string())),
    }
}

#[cfg(test)]
mod tests;
