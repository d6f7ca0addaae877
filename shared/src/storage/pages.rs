//! Reader of pages: the responses of `Query`, which have most of what a list reads.
//!
//! It reads rows of texts, numbers and flags in one pass, with two thirds of the instructions of the SDK's reader. Any
//! other response is left to that one: an error, a broken body, a row with attributes of another type.

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
use serde::de::{Deserializer, MapAccess, Visitor};

use super::row::Item;

/// Attributes that most rows have at most, with their key.
const USUAL_ATTRIBUTES: usize = 14;

/// Interceptor that reads the response of a query.
#[derive(Debug)]
pub(super) struct PageReader {
    /// Parts of the SDK's operation, with its reader among them.
    sdk: FrozenLayer,
}

impl PageReader {
    pub(super) fn new() -> Self {
        Self { sdk: Query::new().config().unwrap_or_else(|| Layer::new("none").freeze()) }
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
        let reader = Reader(self.sdk.clone());
        config.interceptor_state().store_put(SharedResponseDeserializer::new(reader));
        Ok(())
    }
}

/// Reader, with the SDK's for all that it does not read.
#[derive(Debug)]
struct Reader(FrozenLayer);

impl DeserializeResponse for Reader {
    fn deserialize_nonstreaming_with_config(
        &self,
        response: &HttpResponse,
        config: &ConfigBag,
    ) -> Result<Output, OrchestratorError<Error>> {
        let body = response.body().bytes().filter(|_| response.status().is_success());
        // Checked as a whole, because each text of it alone would take longer.
        let text = body.and_then(|body| std::str::from_utf8(body).ok());
        if let Some(page) = text.and_then(|text| serde_json::from_str::<Page>(text).ok()) {
            return Ok(Output::erase(QueryOutput::from(page)));
        }
        let sdk = self.0.load::<SharedResponseDeserializer>();
        let sdk = sdk.ok_or_else(|| OrchestratorError::other("the SDK has no reader of this operation"))?;
        sdk.deserialize_nonstreaming_with_config(response, config)
    }
}

/// Members of a response that this crate reads.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    items: Vec<Attributes>,
    count: i32,
    last_evaluated_key: Option<Attributes>,
}

impl From<Page> for QueryOutput {
    fn from(page: Page) -> Self {
        Self::builder()
            .set_items(Some(page.items.into_iter().map(|row| row.0).collect()))
            .count(page.count)
            .set_last_evaluated_key(page.last_evaluated_key.map(|key| key.0))
            .build()
    }
}

/// Attributes of a row.
struct Attributes(Item);

/// Attribute of a usual type.
#[derive(Deserialize)]
enum Scalar {
    S(String),
    N(String),
    #[serde(rename = "BOOL")]
    Bool(bool),
}

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Attributes;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("attributes")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Attributes, A::Error> {
                let mut item = Item::with_capacity(USUAL_ATTRIBUTES);
                while let Some((name, value)) = members.next_entry()? {
                    let value = match value {
                        Scalar::S(text) => AttributeValue::S(text),
                        Scalar::N(number) => AttributeValue::N(number),
                        Scalar::Bool(flag) => AttributeValue::Bool(flag),
                    };
                    item.insert(name, value);
                }
                Ok(Attributes(item))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests;
