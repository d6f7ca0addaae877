//! Query parameters.

use std::marker::PhantomData;

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::FromRequest;
use crate::config::Env;
use crate::domain;
use crate::domain::validation::{self, Input, Source};
use crate::edge::error::{ErrorCode, Result};
use crate::edge::operation::Operation;
use crate::edge::request::Request;

/// Query parameters that are a `T`.
pub struct Query<T>(PhantomData<T>);

impl<T: Input + JsonSchema> FromRequest for Query<T> {
    const TAKES_BODY: bool = false;

    type Settings = ();
    type Value = T;

    fn settings(_: &Env<'_>) -> Option<()> {
        Some(())
    }

    async fn from_request((): &(), request: &mut Request) -> Result<T> {
        let mut parameters = Map::new();
        for (name, value) in form_urlencoded::parse(request.query.as_bytes()) {
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
