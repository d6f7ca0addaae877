//! A `serde` deserializer that does not stop at the first mismatch: it notes it, hands over a placeholder and goes on,
//! so that callers learn of all their mistakes at once. What was deserialized beside a noted issue must be thrown away.
//!
//! An optional field is an `Option`: an absent one is `None`, an explicit `null` is a mismatch. Unknown fields are
//! dropped. `#[serde(default)]` and `deny_unknown_fields` have no effect here.

use std::cell::RefCell;

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::Source;
use super::issue::{Issue, IssueCode, Path, Segment};
use super::number;

/// Ends deserialization: a type refused a value for a reason of its own, which is already noted.
#[derive(Debug)]
pub(super) struct Stop(String);

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Stop {}

impl serde::de::Error for Stop {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// What was seen on the way.
#[derive(Default)]
pub(super) struct Notes {
    /// The mismatches.
    pub(super) issues: Vec<Issue>,
    /// The numbers that were replaced by the nearest one of their type.
    pub(super) clamped: Vec<Issue>,
    /// Every path in the order in which the types declare them.
    pub(super) order: Vec<Path>,
}

/// A value of the input, or the place where one is missing.
pub(super) struct Node<'n> {
    value: Option<Value>,
    path: Path,
    source: Source,
    /// Nothing is noted below a value that is itself a mismatch.
    muted: bool,
    notes: &'n RefCell<Notes>,
}

impl<'n> Node<'n> {
    pub(super) fn root(value: Value, source: Source, notes: &'n RefCell<Notes>) -> Self {
        Self { value: Some(value), path: Vec::new(), source, muted: false, notes }
    }

    fn child(&self, step: Segment, value: Option<Value>) -> Self {
        let mut path = self.path.clone();
        path.push(step);
        if !self.muted {
            self.notes.borrow_mut().order.push(path.clone());
        }
        Self { value, path, source: self.source, muted: self.muted, notes: self.notes }
    }

    fn note(&self, code: IssueCode, message: String) {
        let mut notes = self.notes.borrow_mut();
        let known = notes.issues.iter().any(|issue| issue.path == self.path);
        if !self.muted && !known {
            notes.issues.push(Issue { path: self.path.clone(), code, message });
        }
    }

    fn note_clamped(&self, code: IssueCode, message: String) {
        if !self.muted {
            self.notes.borrow_mut().clamped.push(Issue { path: self.path.clone(), code, message });
        }
    }

    fn mismatch(&self, expected: &str) {
        let received = received(self.value.as_ref());
        self.note(IssueCode::InvalidType, format!("Invalid input: expected {expected}, received {received}"));
    }

    /// A type may refuse what it is given; that is an issue at this place too.
    fn refused<T>(&self, result: Result<T, Stop>) -> Result<T, Stop> {
        if let Err(Stop(message)) = &result {
            self.note(IssueCode::Custom, message.clone());
        }
        result
    }

    /// The number here, or the nearest one between `min` and `max`, which is noted; 0 for what is no number.
    fn integer(&self, min: i128, max: i128) -> i128 {
        let Some(number) = number::integer(self.value.as_ref(), self.source) else {
            self.mismatch("int");
            return 0;
        };
        if number < min {
            self.note_clamped(IssueCode::TooSmall, number::too_small(min));
        } else if number > max {
            self.note_clamped(IssueCode::TooBig, number::too_big(max));
        }
        number.clamp(min, max)
    }
}

/// How Zod names the type of a value.
fn received(value: Option<&Value>) -> &'static str {
    match value {
        None => "undefined",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
            let number = self.integer(<$type>::MIN.into(), <$type>::MAX.into());
            self.refused(visitor.$visit(<$type>::try_from(number).unwrap_or_default()))
        }
    )*};
}

impl<'de> Deserializer<'de> for Node<'_> {
    type Error = Stop;

    integers! {
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        if self.value.is_none() {
            self.mismatch("a value");
        }
        let value = self.value.clone().unwrap_or_default();
        self.refused(value.deserialize_any(visitor).map_err(serde::de::Error::custom))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        let flag = number::boolean(self.value.as_ref(), self.source);
        if flag.is_none() {
            self.mismatch("boolean");
        }
        self.refused(visitor.visit_bool(flag.unwrap_or_default()))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        let number = number::float(self.value.as_ref(), self.source);
        if number.is_none() {
            self.mismatch("number");
        }
        self.refused(visitor.visit_f64(number.unwrap_or_default()))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Stop> {
        let value = self.value.take();
        let Some(Value::String(text)) = value else {
            self.value = value;
            self.mismatch("string");
            return self.refused(visitor.visit_str(""));
        };
        self.refused(visitor.visit_string(text))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.value {
            None => visitor.visit_none(),
            Some(_) => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Stop> {
        let value = self.value.take();
        let Some(Value::Array(items)) = value else {
            self.value = value;
            self.mismatch("array");
            return visitor.visit_seq(Items { parent: &self, rest: Vec::new().into_iter().enumerate() });
        };
        let items = items.into_iter().enumerate();
        self.refused(visitor.visit_seq(Items { parent: &self, rest: items }))
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Stop> {
        let entries = self.take_object().into_iter().map(|(key, value)| (key, Some(value)));
        let entries = entries.collect::<Vec<_>>().into_iter();
        visitor.visit_map(Entries { parent: &self, rest: entries, value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        let mut object = self.take_object();
        let entries = fields.iter().map(|field| ((*field).to_owned(), object.remove(*field)));
        let entries = entries.collect::<Vec<_>>().into_iter();
        visitor.visit_map(Entries { parent: &self, rest: entries, value: None })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_newtype_struct(self)
    }

    /// An option by its name; enums whose variants hold data are not for input. Where the name is none of the known
    /// ones the first of them is handed over, so that the fields after it are looked at too.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        let text = self.value.as_ref().and_then(Value::as_str);
        let known = variants.iter().find(|variant| text == Some(**variant));
        if known.is_none() {
            let options = variants.join("|");
            self.note(IssueCode::Custom, format!("Invalid option: expected one of {options}"));
        }
        let variant: StrDeserializer<'_, Stop> =
            known.or(variants.first()).copied().unwrap_or_default().into_deserializer();
        self.refused(visitor.visit_enum(variant))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier }
}

impl Node<'_> {
    /// The object here; an empty one, with everything below muted, where there is none.
    fn take_object(&mut self) -> Map<String, Value> {
        match self.value.take() {
            Some(Value::Object(object)) => object,
            other => {
                self.value = other;
                self.mismatch("object");
                self.muted = true;
                Map::new()
            }
        }
    }
}

struct Items<'p, 'n> {
    parent: &'p Node<'n>,
    rest: std::iter::Enumerate<std::vec::IntoIter<Value>>,
}

impl<'de> SeqAccess<'de> for Items<'_, '_> {
    type Error = Stop;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Stop> {
        let Some((index, item)) = self.rest.next() else {
            return Ok(None);
        };
        seed.deserialize(self.parent.child(Segment::Index(index), Some(item))).map(Some)
    }
}

struct Entries<'p, 'n> {
    parent: &'p Node<'n>,
    rest: std::vec::IntoIter<(String, Option<Value>)>,
    value: Option<Node<'n>>,
}

impl<'de> MapAccess<'de> for Entries<'_, '_> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stop> {
        let Some((key, value)) = self.rest.next() else {
            return Ok(None);
        };
        let name: StrDeserializer<'_, Stop> = key.as_str().into_deserializer();
        let name = seed.deserialize(name)?;
        self.value = Some(self.parent.child(Segment::Key(key), value));
        Ok(Some(name))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stop> {
        let value = self.value.take().ok_or_else(|| Stop("a value before its key".to_owned()))?;
        seed.deserialize(value)
    }
}
