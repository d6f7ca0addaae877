//! Inputs that contain other inputs.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use super::{At, Input, Source};

/// Mark of a member that `null` removes, in its schema. The API's description drops it.
pub(crate) const NULL_REMOVES: &str = "x-null-removes";

/// A missing value is `None`. `null` is a mismatch.
impl<T: Input> Input for Option<T> {
    fn read(value: Option<Value>, at: &mut At<'_>) -> Option<Self> {
        match value {
            None => Some(None),
            present => T::read(present, at).map(Some),
        }
    }
}

/// Member of a merge patch (RFC 7396), where `null` removes a value.
///
/// Its serialized forms differ, for the fingerprint of an idempotent request. Don't use it in a response.
///
/// ```
/// use shared::domain::validation::{Input, Patch, Source, parse};
///
/// #[derive(Input)]
/// struct NoteChange {
///     #[validate(length(max = 500))]
///     text: Patch<String>,
/// }
///
/// let change: NoteChange = parse(serde_json::json!({"text": null}), Source::Json).unwrap();
/// assert_eq!(change.text, Patch::Null);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
pub enum Patch<T> {
    /// Leaves the value as it is.
    #[default]
    Absent,
    /// Removes the value.
    Null,
    /// Replaces the value.
    Value(T),
}

impl<T: Clone> Patch<T> {
    /// Returns the value after the change of `current`.
    ///
    /// ```
    /// use shared::domain::validation::Patch;
    ///
    /// assert_eq!(Patch::Absent.apply(Some(&1)), Some(1));
    /// assert_eq!(Patch::Null.apply(Some(&1)), None);
    /// assert_eq!(Patch::Value(2).apply(Some(&1)), Some(2));
    /// ```
    #[must_use]
    pub fn apply(&self, current: Option<&T>) -> Option<T> {
        match self {
            Self::Absent => current.cloned(),
            Self::Null => None,
            Self::Value(value) => Some(value.clone()),
        }
    }
}

impl<T: JsonSchema> JsonSchema for Patch<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Patch_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        // Rules of the field apply to this schema, so it must not be a `oneOf`.
        let mut schema = Option::<T>::json_schema(generator);
        schema.insert(NULL_REMOVES.to_owned(), true.into());
        schema
    }

    // The member is optional.
    fn _schemars_private_is_option() -> bool {
        true
    }
}

impl<T: Input> Input for Patch<T> {
    fn read(value: Option<Value>, at: &mut At<'_>) -> Option<Self> {
        match value {
            None => Some(Self::Absent),
            Some(Value::Null) => Some(Self::Null),
            present => T::read(present, at).map(Self::Value),
        }
    }
}

impl<T: Input> Input for Vec<T> {
    fn read(value: Option<Value>, at: &mut At<'_>) -> Option<Self> {
        let elements = match value {
            Some(Value::Array(elements)) => elements,
            // The parameter occurs once.
            Some(one @ Value::String(_)) if at.source() == Source::Text => vec![one],
            other => return at.mismatch("array", other.as_ref()),
        };
        if !at.count(elements.len(), "array", "items") {
            return None;
        }
        let elements = elements.into_iter().enumerate();
        all(at, elements, |at, (index, element)| at.element(index, element))
    }
}

impl<T: Input> Input for BTreeMap<String, T> {
    fn read(value: Option<Value>, at: &mut At<'_>) -> Option<Self> {
        entries(value, at).map(Self::from_iter)
    }
}

fn entries<T: Input>(value: Option<Value>, at: &mut At<'_>) -> Option<Vec<(String, T)>> {
    let members = match value {
        Some(Value::Object(members)) => members,
        other => return at.mismatch("record", other.as_ref()),
    };
    if !at.count(members.len(), "record", "entries") {
        return None;
    }
    all(at, members.into_iter(), |at, (key, value)| at.member(&key, Some(value)).map(|value| (key, value)))
}

/// Reads all values of a collection. Continues after an invalid one until no more issues are noted.
fn all<V, T>(
    at: &mut At<'_>,
    values: impl Iterator<Item = V>,
    read: impl Fn(&mut At<'_>, V) -> Option<T>,
) -> Option<Vec<T>> {
    let mut all = Some(Vec::new());
    for value in values {
        match (read(at, value), &mut all) {
            (Some(value), Some(all)) => all.push(value),
            (Some(_), None) => {}
            (None, _) => all = None,
        }
        if at.is_full() {
            return None;
        }
    }
    all
}

impl<T: Input> Input for Box<T> {
    fn read(value: Option<Value>, at: &mut At<'_>) -> Option<Self> {
        T::read(value, at).map(Self::new)
    }
}

/// Any JSON.
impl Input for Value {
    fn read(value: Option<Value>, at: &mut At<'_>) -> Option<Self> {
        value.or_else(|| at.mismatch("a value", None))
    }
}
