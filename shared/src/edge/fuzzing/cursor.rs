//! The cursor: leads back to its place, in its organization only.

use form_urlencoded::byte_serialize;
use serde_json::{Value, json};

use super::stage::{first_line, read, scope};
use crate::domain::{Cursor, OrgId, PageRequest, ProjectId};
use crate::edge::input::Query;

/// An input is an organization's id in one line, and a cursor, or any text in place of one.
pub fn cursor(data: &[u8]) {
    let (organization, sent) = first_line(data);
    let Some(organization) = OrgId::parse(&organization) else { return };
    let sent = String::from_utf8_lossy(sent);
    if let Some(id) = opened(sent.trim(), &organization) {
        assert_eq!(written(id, &organization), sent.trim(), "a place has one cursor");
        leads_to(id, &organization);
    }
    let bytes = std::array::from_fn(|index| *data.get(index).unwrap_or(&0));
    leads_to(ProjectId::from_bytes(bytes), &organization);
}

fn written(id: ProjectId, organization: &OrgId) -> String {
    let cursor = serde_json::to_value(Cursor::after(id, &scope(organization))).ok();
    cursor.as_ref().and_then(Value::as_str).expect("a cursor is text").to_owned()
}

/// The place that a list of this organization would start from.
fn opened(cursor: &str, organization: &OrgId) -> Option<ProjectId> {
    let query: String = byte_serialize(cursor.as_bytes()).collect();
    let page = read::<Query<PageRequest>>(&(), &json!({"rawQueryString": format!("cursor={query}")})).ok()?;
    page.after(&scope(organization)).ok()?
}

fn leads_to(id: ProjectId, organization: &OrgId) {
    let cursor = written(id, organization);
    assert_eq!(opened(&cursor, organization), Some(id));
    let other = if organization.as_str() == "umbrella" { "acme" } else { "umbrella" };
    assert_eq!(OrgId::parse(other).and_then(|other| opened(&cursor, &other)), None, "in {other}");
    let at = usize::from(id.as_bytes()[0]) % cursor.len();
    let letter = if &cursor[at..=at] == "A" { "B" } else { "A" };
    let mangled = format!("{}{letter}{}", &cursor[..at], &cursor[at + 1..]);
    assert_eq!(opened(&mangled, organization), None, "{mangled} for {cursor}");
}
