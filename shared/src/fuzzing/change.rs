//! Records of a table's stream: a record leads back to the scope that its key was built in, and to no other.

use serde_json::{Value, json};

use super::fixture::{first_line, json_of, scope};
use crate::domain::{Caller, OrgId, Scope, UserId};
use crate::storage::{Key, Kind, List, Row, RowChange, RowScope, Unlisted};

const LINE: Kind<2> = Kind::new("LINE");

const NUMBER: Unlisted<2> = Unlisted::new("NUMBER");

/// Input: an id in one line, a part of a key in the next, and a record in JSON.
pub fn change(data: &[u8]) {
    let (id, rest) = first_line(data);
    let (part, record) = first_line(rest);
    let scopes: Vec<_> = [&id, &part].into_iter().flat_map(|id| changed_scopes(id, &part)).collect();
    for (index, (id, changed)) in scopes.iter().enumerate() {
        for (other, foreign) in &scopes[..index] {
            let is_own = id == other;
            assert_eq!(changed.prefix() == foreign.prefix(), is_own, "{id:?} {other:?}");
            assert_eq!(changed.folder() == foreign.folder(), is_own, "{id:?} {other:?}");
            assert!(is_own || !changed.prefix().starts_with(&format!("{}#", foreign.prefix())));
        }
    }
    if let Some(record) = json_of(record)
        && let Ok(change) = RowChange::parse(&record)
    {
        assert_as_recorded(&change, &record["dynamodb"]);
    }
}

/// Returns the scopes of changed rows of the organization and of the user with this id.
fn changed_scopes(id: &str, part: &str) -> Vec<((&'static str, String), RowScope)> {
    let organization = id.parse::<OrgId>().ok().map(|id| changed_scope(&scope(&id), part));
    let user =
        id.parse::<UserId>().ok().map(|id| changed_scope(&Caller::new(id, Vec::new()).own_scope(), part));
    let named = |tenants| move |scope| ((tenants, id.to_owned()), scope);
    organization.map(named("organization")).into_iter().chain(user.map(named("user"))).collect()
}

/// Returns the scope of changed rows in a scope, after the check that it builds the same keys.
fn changed_scope(scope: &impl Scope, part: &str) -> RowScope {
    let parsed = |key: &Key| RowChange::parse(&record(key)).expect("the service wrote this row");
    let (line, number) = (Key::new(scope, LINE, [&part, &7]), Key::new(scope, NUMBER, [&7, &part]));
    let (removed_line, removed_number) = (parsed(&line), parsed(&number));
    let own = removed_line.scope().clone();
    assert_eq!(own, *removed_number.scope());
    assert_eq!(Key::new(&own, LINE, [&part, &7]), line);
    assert_eq!(Key::new(&own, NUMBER, [&7, &part]), number);
    assert_eq!(List::new(&own, LINE, [&part]), List::new(scope, LINE, [&part]));
    assert_eq!(own.folder(), scope.folder());
    assert_eq!(removed_line.removed(LINE).map(|[_, last]| last), Some("7"));
    assert_eq!(removed_number.removed(NUMBER).map(|[first, _]| first), Some("7"));
    assert_eq!((removed_line.removed(NUMBER), removed_number.removed(LINE)), (None, None));
    own
}

/// Returns the record of the removal of a row.
fn record(key: &Key) -> Value {
    let text = |name: &str| key.item()[name].as_s().expect("a key is text").clone();
    let keys = json!({"pk": {"S": text("pk")}, "sk": {"S": text("sk")}});
    json!({"eventName": "REMOVE", "dynamodb": {"Keys": keys, "OldImage": {}}})
}

/// Asserts that the scope of any accepted record is in its key, and that rows have the texts of their images.
fn assert_as_recorded(change: &RowChange, record: &Value) {
    let key = record["Keys"]["pk"]["S"].as_str().expect("a key is text");
    assert!(key.starts_with(&format!("{}#", change.scope().prefix())), "{key}");
    let folder = change.scope().folder();
    assert_eq!(folder.split('/').count(), 2, "{folder} for {key}");
    assert_eq!(folder.starts_with("orgs/"), key.starts_with("ORG#"), "{folder} for {key}");
    for (row, image) in [(change.before(), &record["OldImage"]), (change.after(), &record["NewImage"])] {
        let Ok(row) = row else { continue };
        assert_eq!(row.is_none(), image.is_null(), "{image}");
        let attributes = image.as_object().into_iter().flatten();
        for (name, value) in attributes.filter(|(name, _)| !["pk", "sk"].contains(&&***name)) {
            let is_text = value.as_object().is_some_and(|value| value.len() == 1);
            let text = value["S"].as_str().filter(|_| is_text);
            assert!(
                !is_text || row.as_ref().and_then(|row: &Row| row.optional(name)) == text,
                "{name} in {image}"
            );
        }
    }
}
