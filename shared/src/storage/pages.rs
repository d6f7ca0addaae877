//! Reader of pages: the responses of `Query`, which have most of what a list reads.
//!
//! It reads rows of texts, numbers and flags in one pass, which takes a third of the instructions of the SDK's reader and
//! of its maps (`docs/PERFORMANCE.md`). Any other response is left to that reader: an error, a broken body, a row with
//! attributes of another type.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::operation::query::{Query, QueryOutput};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, Error, Output,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin;
use aws_smithy_runtime_api::client::ser_de::{DeserializeResponse, SharedResponseDeserializer};
use aws_smithy_types::config_bag::{ConfigBag, FrozenLayer, Layer};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::row::{Item, Part, Row, Value};

/// Rows of a page, each with its sort key.
#[derive(Debug, Default, PartialEq)]
pub(super) struct StoredPage {
    pub(super) rows: Vec<(String, Row)>,
    /// `true` if `DynamoDB` has not read the list to its end.
    pub(super) has_more: bool,
}

/// Interceptor that reads the response of one query.
#[derive(Clone, Debug)]
pub(super) struct PageReader {
    /// Parts of the SDK's operation, with its reader among them.
    sdk: FrozenLayer,
    /// Page of the last response, if the SDK did not read it.
    page: Arc<Mutex<Option<StoredPage>>>,
}

impl PageReader {
    pub(super) fn new() -> Self {
        let sdk = Query::new().config().unwrap_or_else(|| Layer::new("none").freeze());
        Self { sdk, page: Arc::default() }
    }

    /// Returns the page of the query with this output.
    pub(super) fn page(&self, output: QueryOutput) -> StoredPage {
        self.replace(None).unwrap_or_else(|| output.into())
    }

    fn replace(&self, page: Option<StoredPage>) -> Option<StoredPage> {
        std::mem::replace(&mut *self.page.lock().unwrap_or_else(PoisonError::into_inner), page)
    }
}

impl Intercept for PageReader {
    fn name(&self) -> &'static str {
        "PageReader"
    }

    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(SharedResponseDeserializer::new(self.clone()));
        Ok(())
    }
}

impl DeserializeResponse for PageReader {
    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        config: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        let body = response.body().bytes().filter(|_| response.status().is_success());
        // Checked as a whole, because each text of it alone would take longer.
        let text = body.and_then(|body| std::str::from_utf8(body).ok());
        let page = text.and_then(|text| serde_json::from_str::<Body>(text).ok()).map(StoredPage::from);
        let is_read = page.is_some();
        self.replace(page);
        if is_read {
            return Ok(Output::erase(QueryOutput::builder().build()));
        }
        let sdk = self.sdk.load::<SharedResponseDeserializer>();
        let sdk = sdk.ok_or_else(|| OrchestratorError::other("the SDK has no reader of this operation"))?;
        sdk.deserialize_nonstreaming_with_config(response, config)
    }
}

impl From<QueryOutput> for StoredPage {
    fn from(output: QueryOutput) -> Self {
        let stored = |mut item: Item| match item.remove("sk") {
            Some(AttributeValue::S(sort)) => (sort, item.into()),
            _ => (String::new(), item.into()),
        };
        let has_more = output.last_evaluated_key.is_some();
        Self { rows: output.items.unwrap_or_default().into_iter().map(stored).collect(), has_more }
    }
}

/// Members of a response that this crate reads.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    items: Vec<Stored>,
    last_evaluated_key: Option<IgnoredAny>,
}

impl From<Body> for StoredPage {
    fn from(body: Body) -> Self {
        let rows = body.items.into_iter().map(|Stored(sort, row)| (sort, row)).collect();
        Self { rows, has_more: body.last_evaluated_key.is_some() }
    }
}

/// Row with its sort key.
struct Stored(String, Row);

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Attributes)
    }
}

/// Visitor of the attributes of a row.
struct Attributes;

impl<'de> Visitor<'de> for Attributes {
    type Value = Stored;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("attributes")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Stored, A::Error> {
        let (mut sort, mut row) = (String::new(), Row::with_usual_capacity());
        while let Some(name) = members.next_key_seed(Text(&mut row))? {
            let value = members.next_value_seed(Scalar(&mut row))?;
            match (row.part(&name), &value) {
                ("sk", Value::Text(text)) => row.part(text).clone_into(&mut sort),
                ("pk" | "sk", _) => {}
                _ => row.push(name, value),
            }
        }
        Ok(Stored(sort, row))
    }
}

/// Type of a usual value.
#[derive(Deserialize)]
enum Type {
    S,
    N,
    #[serde(rename = "BOOL")]
    Bool,
}

/// Value of a usual type, whose text is appended to that of the row.
struct Scalar<'r>(&'r mut Row);

impl<'de> DeserializeSeed<'de> for Scalar<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Scalar<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value with its type")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let kind = members.next_key()?.ok_or_else(|| serde::de::Error::custom("a value has no type"))?;
        let value = match kind {
            Type::S => Value::Text(members.next_value_seed(Text(self.0))?),
            Type::N => Value::Number(members.next_value_seed(Text(self.0))?),
            Type::Bool => Value::Flag(members.next_value()?),
        };
        match members.next_key::<IgnoredAny>()? {
            Some(_) => Err(serde::de::Error::custom("a value has two types")),
            None => Ok(value),
        }
    }
}

/// Text that is appended to that of the row.
struct Text<'r>(&'r mut Row);

impl<'de> DeserializeSeed<'de> for Text<'_> {
    type Value = Part;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Part, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Text<'_> {
    type Value = Part;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Part, E> {
        Ok(self.0.append(text))
    }
}

#[cfg(test)]
mod tests;
