//! Inputs of routes: query, body, and the header fields that go with them.

mod conditional;
mod direct_upload;
mod idempotent;
mod json;
pub(crate) mod multipart;
mod query;

pub use conditional::{Conditional, IfVersion, Versions};
pub use direct_upload::DirectUpload;
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

/// Kind of input, such as [`Json`] or [`Query`].
///
/// ```
/// use shared::config::Env;
/// use shared::edge::{FromRequest, Operation, Request, Result};
///
/// struct Raw;
///
/// impl FromRequest for Raw {
///     type Settings = ();
///     type Value = Vec<u8>;
///
///     fn settings(_: &Env<'_>) -> Option<()> { Some(()) }
///
///     async fn from_request((): &(), request: &mut Request) -> Result<Vec<u8>> {
///         Ok(request.body(64 * 1024)?.to_vec())
///     }
///
///     fn describe(_: &mut Operation) {}
/// }
/// ```
pub trait FromRequest {
    /// `true` for an input from the body.
    const TAKES_BODY: bool = true;

    /// Settings that only this kind needs.
    type Settings;

    /// Value that the handler gets.
    type Value;

    /// Reads the settings. Reports problems to `env` and returns `None` if there are any.
    fn settings(env: &Env<'_>) -> Option<Self::Settings>;

    /// Reads the input of a request. Runs after all other checks.
    ///
    /// # Errors
    ///
    /// A 4xx error for invalid input.
    fn from_request(
        settings: &Self::Settings,
        request: &mut Request,
    ) -> impl Future<Output = Result<Self::Value>>;

    /// Adds the input and its error codes to the API's description.
    fn describe(operation: &mut Operation);
}

/// Input to which [`Route::if_match`](super::Route::if_match) can add a header.
pub trait Content: FromRequest {}

impl Content for NoInput {}
impl<T: Input + JsonSchema> Content for Json<T> {}
impl<T: Input + JsonSchema> Content for MergePatch<T> {}
impl Content for Upload {}

/// No input. The handler gets `()`.
///
/// ```
/// use shared::edge::{NoContent, OrgMember, RequestContext, Result};
///
/// async fn clear(_: RequestContext<OrgMember, ()>, (): ()) -> Result<NoContent> {
///     Ok(NoContent)
/// }
/// ```
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
