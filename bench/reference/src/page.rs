//! The requested page, and the cursor to the next one, in the service's format.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::event::Query;
use crate::refusal::{Issue, Refusal};

pub(crate) struct PageRequest {
    pub(crate) limit: usize,
    pub(crate) after: Option<Uuid>,
}

impl PageRequest {
    /// Reads `limit` and `cursor`.
    ///
    /// # Errors
    /// All issues of both.
    pub(crate) fn parse(query: &Query, partition: &str) -> Result<Self, Refusal> {
        let mut issues = Vec::new();
        let limit = query.limit.as_deref().unwrap_or("20").parse::<i64>();
        match limit {
            Err(_) => issues.push(Issue::new("limit", "invalid_type", "Limit must be a whole number")),
            Ok(limit) if limit < 1 => {
                issues.push(Issue::new("limit", "too_small", "Limit must be at least 1"));
            }
            Ok(limit) if limit > 100 => {
                issues.push(Issue::new("limit", "too_big", "Limit must be at most 100"));
            }
            Ok(_) => {}
        }
        let after = query.cursor.as_deref().map(|cursor| open(cursor, partition));
        if after == Some(None) {
            issues.push(Issue::new("cursor", "invalid_format", "Invalid cursor"));
        }
        match limit.ok().and_then(|limit| usize::try_from(limit).ok()) {
            Some(limit) if issues.is_empty() => Ok(Self { limit, after: after.flatten() }),
            _ => Err(Refusal::Invalid(issues)),
        }
    }
}

/// Returns the cursor to the page after the project with this id.
pub(crate) fn cursor(id: &str, partition: &str) -> String {
    URL_SAFE_NO_PAD.encode([&check(id, partition), id.as_bytes()].concat())
}

fn open(cursor: &str, partition: &str) -> Option<Uuid> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (found, id) = bytes.split_at_checked(8)?;
    let id = std::str::from_utf8(id).ok()?;
    (found == check(id, partition)).then(|| id.parse().ok()).flatten()
}

fn check(id: &str, partition: &str) -> [u8; 8] {
    let mut hash = Sha256::new();
    for part in [partition, id] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    std::array::from_fn(|index| digest[index])
}
