//! Query parameters.

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::FromRequest;
use crate::config::Env;
use crate::domain;
use crate::domain::PageRequest;
use crate::domain::validation::{self, At, Input, Source};
use crate::edge::error::{ErrorCode, Result};
use crate::edge::operation::Operation;
use crate::edge::request::Request;

/// Query that parses as a `T`, which the handler gets.
///
/// ```
/// use shared::domain::validation::Input;
/// use shared::edge::Route;
///
/// #[derive(Input, schemars::JsonSchema)]
/// struct Period {
///     #[validate(range(min = 2000, max = 2100))]
///     year: u16,
/// }
///
/// let total = Route::get("/v1/orgs/{orgId}/invoices/total").org_member().query::<Period>();
/// ```
#[derive(Debug)]
pub struct Query<T>(PhantomData<T>);

/// Query of a list with a page and a filter.
///
/// ```
/// use shared::domain::validation::Input;
/// use shared::edge::{Paged, Route};
///
/// #[derive(Input, schemars::JsonSchema)]
/// struct Filter {
///     archived: Option<bool>,
/// }
///
/// let list = Route::get("/v1/orgs/{orgId}/notes").org_member().query::<Paged<Filter>>();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paged<T> {
    /// Parameters `limit` and `cursor`.
    pub page: PageRequest,
    /// Other parameters.
    pub filter: T,
}

impl<T: Input> Input for Paged<T> {
    fn read(value: Option<Value>, at: &mut At<'_>) -> Option<Self> {
        let (page, filter) = (PageRequest::read(value.clone(), at), T::read(value, at));
        Some(Self { page: page?, filter: filter? })
    }
}

impl<T: JsonSchema> JsonSchema for Paged<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Paged_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(generator);
        let page = PageRequest::json_schema(generator).to_value();
        let properties = schema.ensure_object().entry("properties").or_insert_with(|| Map::new().into());
        if let (Some(all), Some(own)) = (properties.as_object_mut(), page["properties"].as_object()) {
            all.extend(own.clone());
        }
        schema
    }
}

impl<T: Input + JsonSchema> FromRequest for Query<T> {
    const TAKES_BODY: bool = false;

    type Settings = ();
    type Value = T;

    fn settings(_: &Env<'_>) -> Option<()> {
        Some(())
    }

    async fn from_request((): &(), request: &mut Request) -> Result<T> {
        let mut parameters = Map::new();
        for (name, value) in form_urlencoded::parse(request.query().as_bytes()) {
            add(&mut parameters, name.into_owned(), Value::String(value.into_owned()));
        }
        Ok(validation::parse(Value::Object(parameters), Source::Text).map_err(domain::Error::Invalid)?)
    }

    fn describe(operation: &mut Operation) {
        operation.query::<T>();
        operation.refusals([ErrorCode::VALIDATION_ERROR]);
    }
}

/// Adds a parameter. A repeated one becomes an array, which scalar fields refuse, because a guess would hide a mistake.
fn add(parameters: &mut Map<String, Value>, name: String, value: Value) {
    match parameters.get_mut(&name) {
        None => drop(parameters.insert(name, value)),
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}
