//! Conversions between stored attributes of objects and the SDK's requests and responses.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use s3s::dto::{
    ChecksumMode, ETag, GetObjectOutput, HeadObjectOutput, PutObjectInput, PutObjectOutput, Tag, Timestamp,
};

use super::checksums::Verified;
use super::store::{Attributes, Summary};

pub(super) fn attributes(input: &PutObjectInput, size: u64, verified: Verified) -> Attributes {
    Attributes {
        etag: verified.etag,
        size,
        cache_control: input.cache_control.clone(),
        content_disposition: input.content_disposition.clone(),
        content_encoding: input.content_encoding.clone(),
        content_language: input.content_language.clone(),
        content_type: input.content_type.clone(),
        metadata: input.metadata.clone().unwrap_or_default().into_iter().collect(),
        tagging: input.tagging.clone(),
        checksums: verified.checksums,
    }
}

pub(super) fn put_output(attributes: &Attributes) -> PutObjectOutput {
    let checksum = |algorithm| attributes.checksums.get(algorithm).cloned();
    PutObjectOutput {
        e_tag: Some(ETag::Strong(attributes.etag.clone())),
        checksum_crc32: checksum("crc32"),
        checksum_crc32c: checksum("crc32c"),
        checksum_crc64nvme: checksum("crc64nvme"),
        checksum_sha1: checksum("sha1"),
        checksum_sha256: checksum("sha256"),
        ..PutObjectOutput::default()
    }
}

pub(super) fn get_output(summary: Summary, mode: Option<&ChecksumMode>) -> GetObjectOutput {
    let Summary { modified_ms, attributes, .. } = summary;
    GetObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        cache_control: attributes.cache_control,
        checksum_sha256: sha256(&attributes.checksums, mode),
        content_disposition: attributes.content_disposition,
        content_encoding: attributes.content_encoding,
        content_language: attributes.content_language,
        content_type: attributes.content_type,
        e_tag: Some(ETag::Strong(attributes.etag)),
        last_modified: Some(timestamp(modified_ms)),
        metadata: Some(attributes.metadata.into_iter().collect()),
        ..GetObjectOutput::default()
    }
}

pub(super) fn head_output(summary: Summary, mode: Option<&ChecksumMode>) -> HeadObjectOutput {
    let Summary { modified_ms, attributes, .. } = summary;
    HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        cache_control: attributes.cache_control,
        checksum_sha256: sha256(&attributes.checksums, mode),
        content_disposition: attributes.content_disposition,
        content_encoding: attributes.content_encoding,
        content_language: attributes.content_language,
        content_length: Some(length(attributes.size)),
        content_type: attributes.content_type,
        e_tag: Some(ETag::Strong(attributes.etag)),
        last_modified: Some(timestamp(modified_ms)),
        metadata: Some(attributes.metadata.into_iter().collect()),
        ..HeadObjectOutput::default()
    }
}

/// Returns the SHA-256 for a request that asks for checksums.
fn sha256(checksums: &BTreeMap<String, String>, mode: Option<&ChecksumMode>) -> Option<String> {
    let wanted = mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED);
    checksums.get("sha256").filter(|_| wanted).cloned()
}

pub(super) fn tags(tagging: &str) -> Vec<Tag> {
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
    };
    let pairs = tagging.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(key, value)| Tag { key: Some(decode(key)), value: Some(decode(value)) }).collect()
}

pub(super) fn timestamp(milliseconds: i64) -> Timestamp {
    Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds.unsigned_abs()))
}

pub(super) fn length(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
