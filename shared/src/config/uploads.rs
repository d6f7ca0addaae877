//! What functions that store files need to know besides.

use super::Env;
use crate::domain::{AllowedTypes, ParseError};

/// Lambda's request of 6 MB, in base64 and beside its headers, holds no larger file.
const MOST_BYTES: usize = 4_500_000;

/// Which files may be uploaded.
#[derive(Debug)]
pub struct UploadLimits {
    /// The largest file in bytes.
    pub max_bytes: usize,
    /// The media types that may be stored.
    pub allowed_types: AllowedTypes,
}

/// The media types of files that may be stored unless the settings say otherwise.
pub const DEFAULT_TYPES: &str =
    "image/png,image/jpeg,image/gif,image/webp,application/pdf,text/plain,text/csv";

impl UploadLimits {
    /// Reads which files may be uploaded.
    #[must_use]
    pub fn from_env(env: &Env<'_>) -> Option<Self> {
        let max_bytes = env.parsed_with("UPLOAD_MAX_BYTES", "4194304", max_bytes);
        let allowed_types = env.parsed("UPLOAD_ALLOWED_TYPES", DEFAULT_TYPES);
        Some(Self { max_bytes: max_bytes?, allowed_types: allowed_types? })
    }
}

fn max_bytes(text: &str) -> Result<usize, ParseError> {
    let bytes = text.parse().ok().filter(|bytes| (1..=MOST_BYTES).contains(bytes));
    bytes.ok_or_else(|| ParseError::new(format!("must be a number of bytes from 1 to {MOST_BYTES}")))
}
