//! API Gateway's event (HTTP API, payload format 2.0), decoded so that no shape of it can fail.
//!
//! `lambda_http`'s own conversion panics on an invalid base64 body and on a path that is no URI once API Gateway has
//! percent-decoded it, and an event that doesn't deserialize never reaches the handler. Here a field that is missing or
//! of another type than expected is an empty one, so that every event gets an envelope.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What this service reads of the event.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Event {
    pub(super) raw_query_string: Text,
    pub(super) cookies: Texts,
    pub(super) headers: Object<HashMap<String, Text>>,
    pub(super) path_parameters: Object<HashMap<String, Text>>,
    pub(super) request_context: Object<RequestContext>,
    pub(super) body: Text,
    pub(super) is_base64_encoded: Flag,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct RequestContext {
    pub(super) request_id: Text,
    pub(super) http: Object<Http>,
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Http {
    pub(super) source_ip: Text,
}

/// A JSON object; the default of `T` in place of anything else.
#[derive(Debug, Default)]
pub(super) struct Object<T>(pub(super) T);

/// A text; nothing in place of anything else.
#[derive(Debug, Default)]
pub(super) struct Text(pub(super) Option<String>);

/// An array of texts; empty in place of anything else.
#[derive(Debug, Default)]
pub(super) struct Texts(pub(super) Vec<String>);

/// A flag; false in place of anything else.
#[derive(Debug, Default)]
pub(super) struct Flag(pub(super) bool);

/// Visits any JSON value and keeps what `K` keeps; the rest is read to its end and dropped.
struct Any<K>(PhantomData<K>);

/// Which kinds of JSON values a lenient type keeps.
trait Keep: Default {
    fn text(_: String) -> Self {
        Self::default()
    }

    fn flag(_: bool) -> Self {
        Self::default()
    }

    fn map<'de, A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }

    fn seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

impl Keep for Text {
    fn text(text: String) -> Self {
        Self(Some(text))
    }
}

impl Keep for Flag {
    fn flag(flag: bool) -> Self {
        Self(flag)
    }
}

impl Keep for Texts {
    fn seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Self, A::Error> {
        let mut texts = Self::default();
        while let Some(Text(text)) = seq.next_element()? {
            texts.0.extend(text);
        }
        Ok(texts)
    }
}

impl<T: Default + DeserializeOwned> Keep for Object<T> {
    fn map<'de, A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Self)
    }
}

impl<'de, K: Keep> Visitor<'de> for Any<K> {
    type Value = K;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<K, E> {
        Ok(K::text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<K, E> {
        Ok(K::text(text))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<K, E> {
        Ok(K::flag(flag))
    }

    fn visit_i64<E>(self, _: i64) -> Result<K, E> {
        Ok(K::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<K, E> {
        Ok(K::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<K, E> {
        Ok(K::default())
    }

    fn visit_unit<E>(self) -> Result<K, E> {
        Ok(K::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<K, A::Error> {
        K::map(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<K, A::Error> {
        K::seq(seq)
    }
}

macro_rules! lenient {
    ($($type:ty),*) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Any(PhantomData))
            }
        }
    )*};
}

lenient!(Text, Texts, Flag);

impl<'de, T: Default + DeserializeOwned> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn decode(event: &Value) -> Event {
        serde_json::from_str::<Object<Event>>(&event.to_string()).unwrap().0
    }

    #[test]
    fn every_field_of_a_usual_event_is_read() {
        let event = decode(&json!({
            "version": "2.0", "rawQueryString": "limit=1", "cookies": ["a=1", "b=2"], "headers": {"host": "h"},
            "pathParameters": {"orgId": "acme"}, "body": "{}", "isBase64Encoded": true,
            "requestContext": {"requestId": "id", "http": {"sourceIp": "192.0.2.1", "method": "GET"}},
        }));
        assert_eq!(event.raw_query_string.0.as_deref(), Some("limit=1"));
        assert_eq!(event.cookies.0, ["a=1", "b=2"]);
        assert_eq!(event.headers.0["host"].0.as_deref(), Some("h"));
        assert_eq!(event.path_parameters.0["orgId"].0.as_deref(), Some("acme"));
        assert_eq!(event.request_context.0.request_id.0.as_deref(), Some("id"));
        assert_eq!(event.request_context.0.http.0.source_ip.0.as_deref(), Some("192.0.2.1"));
        assert_eq!((event.body.0.as_deref(), event.is_base64_encoded.0), (Some("{}"), true));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[a-z]{0,4}", inner, 0..4)
                    .prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_event_fails_to_decode(whole in any_json(), part in any_json()) {
            decode(&whole);
            for field in ["rawQueryString", "cookies", "headers", "pathParameters", "requestContext", "body", "isBase64Encoded"] {
                decode(&json!({ field: part }));
            }
            decode(&json!({"requestContext": {"http": part, "requestId": part}}));
        }
    }
}
