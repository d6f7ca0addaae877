//! Settings of functions that store files.

use super::Env;
use crate::domain::{AllowedTypes, ParseError};

/// Maximum of `UPLOAD_MAX_BYTES`: a file that fits into Lambda's request of 6 MB, in base64 and beside headers.
const MAX_BYTES: usize = 4_500_000;

/// Limits of uploaded files.
#[derive(Debug)]
pub struct UploadLimits {
    /// `UPLOAD_MAX_BYTES`: maximum size of a file in bytes.
    pub max_bytes: usize,
    /// `UPLOAD_ALLOWED_TYPES`: media types that may be stored.
    pub allowed_types: AllowedTypes,
}

/// Default of `UPLOAD_ALLOWED_TYPES`.
pub const DEFAULT_TYPES: &str =
    "image/png,image/jpeg,image/gif,image/webp,application/pdf,text/plain,text/csv";

impl UploadLimits {
    /// Reads the limits.
    #[must_use]
    pub fn from_env(env: &Env<'_>) -> Option<Self> {
        let max_bytes = env.parsed_with("UPLOAD_MAX_BYTES", "4194304", max_bytes);
        let allowed_types = env.parsed("UPLOAD_ALLOWED_TYPES", DEFAULT_TYPES);
        Some(Self { max_bytes: max_bytes?, allowed_types: allowed_types? })
    }
}

fn max_bytes(text: &str) -> Result<usize, ParseError> {
    let bytes = text.parse().ok().filter(|bytes| (1..=MAX_BYTES).contains(bytes));
    bytes.ok_or_else(|| ParseError::new(format!("must be a number of bytes from 1 to {MAX_BYTES}")))
}
