//! Inputs: what a route takes besides its path, and the header fields that go with it.

mod conditional;
mod idempotent;
mod json;
pub(crate) mod multipart;
mod query;

pub use conditional::{Conditional, IfVersion, Versions};
pub use idempotent::{Idempotent, WithKey};
pub use json::{Json, MergePatch};
pub use multipart::Upload;
pub use query::{Paged, Query};

use schemars::JsonSchema;

use super::error::Result;
use super::operation::Operation;
use super::request::Request;
use crate::config::Env;
use crate::domain::validation::Input;

/// Kind of input.
pub trait FromRequest {
    /// `true` if it is read from the body.
    const TAKES_BODY: bool = true;

    /// Settings that only this kind needs.
    type Settings;

    /// Value that the handler gets.
    type Value;

    /// Reads the settings. Reports problems to `env` and returns `None` if there are any.
    fn settings(env: &Env<'_>) -> Option<Self::Settings>;

    /// Reads the input of a request. Runs after every check that doesn't need it.
    ///
    /// # Errors
    ///
    /// A caller's mistake, whatever is wrong with the input.
    fn from_request(
        settings: &Self::Settings,
        request: &mut Request,
    ) -> impl Future<Output = Result<Self::Value>>;

    /// Describes the input, and the errors that follow from it.
    fn describe(operation: &mut Operation);
}

/// Input by itself, to which headers can be added.
pub trait Content: FromRequest {}

impl Content for NoInput {}
impl<T: Input + JsonSchema> Content for Json<T> {}
impl<T: Input + JsonSchema> Content for MergePatch<T> {}
impl Content for Upload {}

/// No input.
#[derive(Debug)]
pub struct NoInput;

impl FromRequest for NoInput {
    const TAKES_BODY: bool = false;

    type Settings = ();
    type Value = ();

    fn settings(_: &Env<'_>) -> Option<()> {
        Some(())
    }

    async fn from_request((): &(), _: &mut Request) -> Result<()> {
        Ok(())
    }

    fn describe(_: &mut Operation) {}
}
