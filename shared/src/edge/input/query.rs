//! Query parameters.

use std::marker::PhantomData;

use serde_json::{Map, Value};

use super::Intake;
use crate::config::Env;
use crate::domain;
use crate::domain::validation::{self, Input, IssueCode, Issues, Source};
use crate::edge::error::Result;
use crate::edge::request::Request;

/// Query parameters that are a `T`.
pub struct Query<T>(PhantomData<T>);

impl<T: Input> Intake for Query<T> {
    type Settings = ();
    type Value = T;

    fn settings(_: &Env<'_>) -> Option<()> {
        Some(())
    }

    async fn read((): &(), request: &mut Request) -> Result<T> {
        let mut parameters = Map::new();
        for (name, value) in form_urlencoded::parse(request.query.as_bytes()) {
            if parameters.insert(name.to_string(), Value::String(value.into_owned())).is_some() {
                // Guessing which of the two is meant would hide a mistake of the caller's.
                let doubled = Issues::one(&name, IssueCode::Custom, "This parameter may be given only once");
                return Err(domain::Error::Invalid(doubled).into());
            }
        }
        Ok(validation::parse(Value::Object(parameters), Source::Text).map_err(domain::Error::Invalid)?.into())
    }
}
