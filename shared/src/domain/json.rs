//! JSON values that are read literally.
//!
//! If any crate turns on `serde_json`'s feature `raw_value`, as `lambda_http` does, `serde_json::Value` replaces an object
//! whose only member is `$serde_json::private::RawValue` by the JSON in that member's text. A caller could then have one
//! value checked and another one used, or end an invocation before the pipeline begins. Therefore all JSON from outside is
//! read as a [`Literal`].

use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};

/// JSON value. With `UNIQUE`, duplicate members are an error at any depth. Otherwise the last one wins.
#[derive(Debug)]
pub(crate) struct Literal<const UNIQUE: bool>(pub(crate) Value);

impl<'de, const UNIQUE: bool> Deserialize<'de> for Literal<UNIQUE> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Literally::<UNIQUE>).map(Self)
    }
}

struct Literally<const UNIQUE: bool>;

impl<'de, const UNIQUE: bool> Visitor<'de> for Literally<UNIQUE> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number).map(Value::Number).ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Literal::<UNIQUE>(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(array.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Literal::<UNIQUE>(value))) = members.next_entry::<String, _>()? {
            if object.insert(name, value).is_some() && UNIQUE {
                return Err(A::Error::custom("a member is there twice"));
            }
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read<const UNIQUE: bool>(text: &str) -> Option<Value> {
        serde_json::from_str(text).ok().map(|Literal::<UNIQUE>(value)| value)
    }

    #[test]
    fn special_member_names_are_literal() {
        let hidden = r#"{"$serde_json::private::RawValue":"[\"victim\"]"}"#;
        // The feature is on, so the test fails if a literal is read as a value.
        assert_eq!(serde_json::from_str::<Value>(hidden).unwrap(), json!(["victim"]));
        for text in [hidden.to_owned(), format!("[{hidden}]"), format!("{{\"a\":{hidden}}}")] {
            let value = read::<false>(&text).unwrap();
            assert_eq!(value.to_string(), text);
            assert_eq!(read::<true>(&text), Some(value));
        }
        assert!(read::<false>(r#"{"$serde_json::private::Number":"1"}"#).unwrap().is_object());
    }

    #[test]
    fn duplicate_members_are_refused_or_last_wins() {
        for (text, last) in [
            (r#"{"a":1,"a":2}"#, json!({"a": 2})),
            (r#"[{"a":{"b":1,"b":2}}]"#, json!([{"a": {"b": 2}}])),
            (r#"{"\u0061":1,"a":2}"#, json!({"a": 2})),
        ] {
            assert_eq!(read::<true>(text), None, "{text}");
            assert_eq!(read::<false>(text), Some(last), "{text}");
        }
    }

    #[test]
    fn numbers_keep_their_kind_and_range() {
        for text in ["0", "-1", "1.0", "18446744073709551615", "-9223372036854775808", "1e300"] {
            assert_eq!(read::<true>(text), serde_json::from_str(text).ok(), "{text}");
        }
        for text in ["1e400", "-1e400", "NaN", "01", ""] {
            assert_eq!(read::<true>(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn other_json_is_read_like_serde_json(text in r#"[\[\]{}",:a0.\-null ]{0,40}"#) {
            prop_assert_eq!(read::<false>(&text), serde_json::from_str::<Value>(&text).ok());
        }
    }
}
