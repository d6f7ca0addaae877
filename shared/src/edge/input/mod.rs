//! What a route takes besides its path: nothing, query parameters, a JSON body or a file.

mod json;
#[cfg(feature = "uploads")]
pub(super) mod multipart;
mod query;

pub use json::Json;
#[cfg(feature = "uploads")]
pub use multipart::Upload;
pub use query::Query;

use super::error::Result;
use super::request::Request;
use crate::config::Env;

/// A kind of input.
pub trait Intake {
    /// Whether it is read from the body.
    const TAKES_BODY: bool = true;

    /// Settings that only this kind needs.
    type Settings;

    /// What the handler gets.
    type Value;

    /// Reads the settings; problems are reported to `env`.
    fn settings(env: &Env<'_>) -> Option<Self::Settings>;

    /// Reads the input of a request. Runs after every check that doesn't need it.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the input.
    fn read(settings: &Self::Settings, request: &mut Request) -> impl Future<Output = Result<Self::Value>>;
}

/// The route takes nothing.
pub struct Nothing;

impl Intake for Nothing {
    const TAKES_BODY: bool = false;

    type Settings = ();
    type Value = ();

    fn settings(_: &Env<'_>) -> Option<()> {
        Some(())
    }

    async fn read((): &(), _: &mut Request) -> Result<()> {
        Ok(())
    }
}
