//! JSON bodies.

use std::marker::PhantomData;

use schemars::JsonSchema;

use super::FromRequest;
use crate::config::Env;
use crate::domain;
use crate::domain::json::Literal;
use crate::domain::validation::{self, Input, Source};
use crate::edge::error::{Error, ErrorCode, Result};
use crate::edge::operation::Operation;
use crate::edge::request::Request;

/// Maximum size of a JSON body in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// Optional start of a body (RFC 8259, section 8.1).
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

const JSON: &str = "application/json";

/// Media type of a merge patch (RFC 7396, section 4).
const MERGE_PATCH: &str = "application/merge-patch+json";

/// JSON body that parses as a `T`, which the handler gets.
///
/// ```
/// use shared::domain::validation::Input;
/// use shared::edge::Route;
///
/// #[derive(Input, schemars::JsonSchema)]
/// struct NewNote {
///     #[validate(length(min = 1, max = 500))]
///     text: String,
/// }
///
/// let create = Route::post("/v1/orgs/{orgId}/notes").org_member().json::<NewNote>().idempotent();
/// ```
#[derive(Debug)]
pub struct Json<T>(PhantomData<T>);

/// Merge patch (RFC 7396) that parses as a `T`, which the handler gets. `application/json` is accepted too.
///
/// ```
/// use shared::domain::validation::{Input, Patch};
/// use shared::edge::Route;
///
/// #[derive(Input, schemars::JsonSchema)]
/// struct NoteChange {
///     text: Option<String>,
///     color: Patch<String>, // `null` removes it
/// }
///
/// let update = Route::patch("/v1/orgs/{orgId}/notes/{noteId}").org_member().merge_patch::<NoteChange>();
/// ```
#[derive(Debug)]
pub struct MergePatch<T>(PhantomData<T>);

impl<T: Input + JsonSchema> FromRequest for Json<T> {
    type Settings = ();
    type Value = T;

    fn settings(_: &Env<'_>) -> Option<()> {
        Some(())
    }

    async fn from_request((): &(), request: &mut Request) -> Result<T> {
        parsed(request, &[JSON])
    }

    fn describe(operation: &mut Operation) {
        describe::<T>(operation, &[JSON]);
    }
}

impl<T: Input + JsonSchema> FromRequest for MergePatch<T> {
    type Settings = ();
    type Value = T;

    fn settings(_: &Env<'_>) -> Option<()> {
        Some(())
    }

    async fn from_request((): &(), request: &mut Request) -> Result<T> {
        parsed(request, &[MERGE_PATCH, JSON])
    }

    fn describe(operation: &mut Operation) {
        describe::<T>(operation, &[MERGE_PATCH, JSON]);
    }
}

fn describe<T: JsonSchema>(operation: &mut Operation, media_types: &[&'static str]) {
    operation.json_body::<T>(media_types);
    operation.refusals([
        ErrorCode::INVALID_JSON,
        ErrorCode::VALIDATION_ERROR,
        ErrorCode::PAYLOAD_TOO_LARGE,
        ErrorCode::UNSUPPORTED_MEDIA_TYPE,
    ]);
}

/// Parses a body of one of these media types.
fn parsed<T: Input>(request: &mut Request, media_types: &[&'static str]) -> Result<T> {
    if !media_types.contains(&request.media_type().as_str()) {
        return Err(Error::UnsupportedMediaType(media_types.first().copied().unwrap_or(JSON)));
    }
    let body = request.body(MAX_BYTES)?;
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&body);
    // The parser takes the last of doubled keys. It refuses nesting deeper than 127, numbers beyond a double and half
    // surrogate pairs, in unknown fields too.
    let Literal::<false>(value) = serde_json::from_slice(body).map_err(|_| Error::InvalidJson)?;
    Ok(validation::parse(value, Source::Json).map_err(domain::Error::Invalid)?)
}
