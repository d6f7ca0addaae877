//! Cursors: a cursor leads back to its place, only in its list and organization.

use form_urlencoded::byte_serialize;
use serde_json::{Value, json};

use super::fixture::{first_line, read, scope};
use crate::domain::{Cursor, OrgId, PageRequest, Scope};
use crate::edge::input::Query;

const LIST: &str = "NOTE";

/// Input: an organization's id in one line, and a cursor or any text.
pub fn cursor(data: &[u8]) {
    let (organization, sent) = first_line(data);
    let Ok(organization) = organization.parse::<OrgId>() else { return };
    let sent = String::from_utf8_lossy(sent);
    if let Some(last) = opened(sent.trim(), &organization, LIST) {
        assert_eq!(written(&last, &organization), sent.trim(), "a place has one cursor");
        assert_leads_to(&last, &organization);
    }
    if !sent.is_empty() {
        assert_leads_to(&sent, &organization);
    }
}

fn partition(organization: &OrgId, list: &str) -> String {
    format!("{}#{list}", scope(organization).prefix())
}

fn written(last: &str, organization: &OrgId) -> String {
    let cursor = serde_json::to_value(Cursor::new(&partition(organization, LIST), last)).ok();
    cursor.as_ref().and_then(Value::as_str).expect("a cursor is text").to_owned()
}

/// Returns the place of a cursor in a list of this organization.
fn opened(cursor: &str, organization: &OrgId, list: &str) -> Option<String> {
    let query: String = byte_serialize(cursor.as_bytes()).collect();
    let page = read::<Query<PageRequest>>(&(), &json!({"rawQueryString": format!("cursor={query}")})).ok()?;
    page.after(&partition(organization, list), |place| Some(place.to_owned())).ok()?
}

fn assert_leads_to(last: &str, organization: &OrgId) {
    let cursor = written(last, organization);
    assert_eq!(opened(&cursor, organization, LIST).as_deref(), Some(last));
    assert_eq!(opened(&cursor, organization, "FILE"), None, "in another list");
    let other = if organization.as_str() == "umbrella" { "acme" } else { "umbrella" };
    assert_eq!(other.parse().ok().and_then(|other| opened(&cursor, &other, LIST)), None, "in {other}");
    let at = last.len() % cursor.len();
    let letter = if &cursor[at..=at] == "A" { "B" } else { "A" };
    let mangled = format!("{}{letter}{}", &cursor[..at], &cursor[at + 1..]);
    assert_eq!(opened(&mangled, organization, LIST), None, "{mangled} for {cursor}");
}
