//! Settings of functions that store files.

use std::fmt;
use std::str::FromStr;

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

/// Maximum of `UPLOAD_DIRECT_MAX_BYTES`: the largest object that S3 takes in one request, 5 GiB.
const MAX_DIRECT_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// Limits of files that clients put into the bucket themselves.
#[derive(Debug)]
pub struct DirectUploadLimits {
    /// `UPLOAD_DIRECT_MAX_BYTES`: maximum size of a file in bytes.
    pub max_bytes: u64,
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
        let max_bytes = env.parsed_with("UPLOAD_MAX_BYTES", "4194304", |text| up_to(MAX_BYTES, text));
        let allowed_types = allowed_types(env);
        Some(Self { max_bytes: max_bytes?, allowed_types: allowed_types? })
    }
}

impl DirectUploadLimits {
    /// Reads the limits.
    #[must_use]
    pub fn from_env(env: &Env<'_>) -> Option<Self> {
        let max_bytes =
            env.parsed_with("UPLOAD_DIRECT_MAX_BYTES", "1073741824", |text| up_to(MAX_DIRECT_BYTES, text));
        let allowed_types = allowed_types(env);
        Some(Self { max_bytes: max_bytes?, allowed_types: allowed_types? })
    }
}

/// Reads the media types that may be stored (`UPLOAD_ALLOWED_TYPES`).
#[must_use]
pub fn allowed_types(env: &Env<'_>) -> Option<AllowedTypes> {
    env.parsed("UPLOAD_ALLOWED_TYPES", DEFAULT_TYPES)
}

fn up_to<T: Copy + FromStr + PartialOrd + From<u8> + fmt::Display>(
    max: T,
    text: &str,
) -> Result<T, ParseError> {
    let bytes = text.parse().ok().filter(|bytes| (T::from(1)..=max).contains(bytes));
    bytes.ok_or_else(|| ParseError::new(format!("must be a number of bytes from 1 to {max}")))
}
