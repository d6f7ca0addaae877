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

/// Query parameters that are a `T`.
#[derive(Debug)]
pub struct Query<T>(PhantomData<T>);

/// Page of a list, and more that is asked of it in the same query.
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
/// let route = || Route::get("/v1/orgs/{orgId}/notes").org_member().query::<Paged<Filter>>();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paged<T> {
    /// Page.
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

/// A doubled parameter becomes an array, which no scalar field takes: guessing which of the two is meant would hide a
/// mistake of the caller's.
fn add(parameters: &mut Map<String, Value>, name: String, value: Value) {
    match parameters.get_mut(&name) {
        None => drop(parameters.insert(name, value)),
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}
