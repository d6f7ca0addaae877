//! JSON bodies.

use std::marker::PhantomData;

use super::Intake;
use crate::config::Env;
use crate::domain;
use crate::domain::json::Literal;
use crate::domain::validation::{self, Input, Source};
use crate::edge::error::{Error, Result};
use crate::edge::request::Request;

/// The largest JSON body in bytes.
const MAX_BYTES: usize = 64 * 1024;

/// The mark that a body may begin with (RFC 8259, section 8.1).
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A JSON body that is a `T`.
pub struct Json<T>(PhantomData<T>);

impl<T: Input> Intake for Json<T> {
    type Settings = ();
    type Value = T;

    fn settings(_: &Env<'_>) -> Option<()> {
        Some(())
    }

    async fn read((): &(), request: &mut Request) -> Result<T> {
        if request.media_type() != "application/json" {
            return Err(Error::UnsupportedMediaType("application/json"));
        }
        if request.body_exceeds(MAX_BYTES) {
            return Err(Error::TooLarge { what: "body", limit: MAX_BYTES });
        }
        let body = request.take_body().ok_or(Error::InvalidJson)?;
        let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&body);
        // The parser's own ways: of doubled keys the last wins; nesting deeper than 127, numbers beyond a double and half
        // surrogate pairs are refused, in unknown fields too.
        let Literal::<false>(value) = serde_json::from_slice(body).map_err(|_| Error::InvalidJson)?;
        Ok(validation::parse(value, Source::Json).map_err(domain::Error::Invalid)?)
    }
}
