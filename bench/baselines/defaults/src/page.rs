//! The requested page, and the cursor to the next one, in the service's format.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lambda_http::aws_lambda_events::query_map::QueryMap;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::refusal::{Issue, Refusal};

pub struct PageRequest {
    pub limit: i32,
    pub after: Option<Uuid>,
}

impl PageRequest {
    pub fn parse(query: &QueryMap, organization: &str) -> Result<Self, Refusal> {
        let mut issues = Vec::new();
        let limit = query.first("limit").unwrap_or("20").parse::<i32>();
        match limit {
            Err(_) => issues.push(Issue::new("limit", "invalid_type", "Limit must be a whole number")),
            Ok(limit) if limit < 1 => {
                issues.push(Issue::new("limit", "too_small", "Limit must be at least 1"))
            }
            Ok(limit) if limit > 100 => {
                issues.push(Issue::new("limit", "too_big", "Limit must be at most 100"))
            }
            Ok(_) => {}
        }
        let after = query.first("cursor").map(|cursor| open(cursor, organization));
        if after == Some(None) {
            issues.push(Issue::new("cursor", "invalid_format", "Invalid cursor"));
        }
        match limit {
            Ok(limit) if issues.is_empty() => Ok(Self { limit, after: after.flatten() }),
            _ => Err(Refusal::Invalid(issues)),
        }
    }
}

/// Returns the cursor to the page after the project with this id.
pub fn cursor(id: Uuid, organization: &str) -> String {
    let id = id.to_string();
    URL_SAFE_NO_PAD.encode([&check(&id, organization), id.as_bytes()].concat())
}

fn open(cursor: &str, organization: &str) -> Option<Uuid> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (found, id) = bytes.split_at_checked(8)?;
    let id = std::str::from_utf8(id).ok()?;
    (found == check(id, organization)).then(|| id.parse().ok()).flatten()
}

fn check(id: &str, organization: &str) -> [u8; 8] {
    let mut hash = Sha256::new();
    for part in [&format!("ORG#{organization}#PROJECT"), id] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    std::array::from_fn(|index| digest[index])
}
