//! Changes of rows, as a table's stream reports them.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::key::{ALONE, decode};
use super::kind::Kind;
use super::row::{Item, Row};
use crate::domain::{Error, Result, Scope, Tenant, sealed};

/// Scope of a changed row: the organization or the user that its key begins with. Keys that are built from it stay there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowScope {
    prefix: String,
    folder: String,
}

impl sealed::Sealed for RowScope {}

impl Scope for RowScope {
    fn prefix(&self) -> String {
        self.prefix.clone()
    }

    fn folder(&self) -> String {
        self.folder.clone()
    }
}

/// Change of one row of a table: it was created, changed or removed.
///
/// ```
/// use shared::domain::Result;
/// use shared::storage::{Kind, List, RowChange, Table};
///
/// const INVOICE: Kind<1> = Kind::new("INVOICE");
/// const LINE: Kind<2> = Kind::new("LINE");
///
/// /// Deletes the lines of an invoice that was deleted.
/// async fn follow(table: &Table, change: &RowChange) -> Result<()> {
///     if let Some([invoice]) = change.removed(INVOICE) {
///         table.delete_list(&List::new(change.scope(), LINE, [&invoice])).await?;
///     }
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RowChange {
    event: Event,
    scope: RowScope,
    kind: String,
    parts: Vec<String>,
    before: Value,
    after: Value,
}

/// Kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Created,
    Changed,
    Removed,
}

impl RowChange {
    /// Parses a record of a stream.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] for a record of another form, or of a row that this service has not written.
    pub(crate) fn parse(record: &Value) -> Result<Self> {
        let change = &record["dynamodb"];
        let event = match record["eventName"].as_str() {
            Some("INSERT") => Event::Created,
            Some("MODIFY") => Event::Changed,
            Some("REMOVE") => Event::Removed,
            _ => return Err(Error::internal("a record of a stream is no change")),
        };
        let key = |name: &str| change["Keys"][name]["S"].as_str();
        let (Some(partition), Some(sort)) = (key("pk"), key("sk")) else {
            return Err(Error::internal("a record of a stream has no key"));
        };
        let mut parts = partition.split('#');
        let (Some(tenants), Some(id), Some(kind)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(foreign());
        };
        let (scope, kind) = (scope(tenants, id)?, kind.to_owned());
        let parts =
            parts.chain(Some(sort).filter(|sort| *sort != ALONE)).map(decode).collect::<Result<_>>()?;
        // Images are parsed only if they are used, so that an attribute of another version holds up no deletion.
        let (before, after) = (change["OldImage"].clone(), change["NewImage"].clone());
        Ok(Self { event, scope, kind, parts, before, after })
    }

    /// Returns the scope of the row.
    #[must_use]
    pub fn scope(&self) -> &RowScope {
        &self.scope
    }

    /// Returns the parts of the key, if a row of this kind was created. Keys of the same parts are the row's own, unless a
    /// part is so long that a key has its hash instead.
    #[must_use]
    pub fn created<const PARTS: usize, const LISTED: bool>(
        &self,
        kind: Kind<PARTS, LISTED>,
    ) -> Option<[&str; PARTS]> {
        self.parts(kind).filter(|_| self.event == Event::Created)
    }

    /// Returns the parts of the key, like [`RowChange::created`], if a row of this kind was removed.
    #[must_use]
    pub fn removed<const PARTS: usize, const LISTED: bool>(
        &self,
        kind: Kind<PARTS, LISTED>,
    ) -> Option<[&str; PARTS]> {
        self.parts(kind).filter(|_| self.event == Event::Removed)
    }

    /// Returns the row before the change; `None` for one that was created.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] for an attribute of unknown type.
    pub fn before(&self) -> Result<Option<Row>> {
        row(&self.before)
    }

    /// Returns the row after the change; `None` for one that was removed.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] for an attribute of unknown type.
    pub fn after(&self) -> Result<Option<Row>> {
        row(&self.after)
    }

    fn parts<const PARTS: usize, const LISTED: bool>(
        &self,
        kind: Kind<PARTS, LISTED>,
    ) -> Option<[&str; PARTS]> {
        let parts: Vec<_> = self.parts.iter().map(String::as_str).collect();
        parts.try_into().ok().filter(|_| self.kind == kind.name)
    }
}

/// Returns the scope of an id that is escaped as in a key. Any other spelling of it is none of this service's.
fn scope(tenants: &str, id: &str) -> Result<RowScope> {
    let name = percent_decode_str(id).decode_utf8().map_err(Error::internal)?;
    let of = |tenant: Tenant<'_>| RowScope { prefix: tenant.prefix(), folder: tenant.folder() };
    let scope = match tenants {
        "ORG" => name.parse().ok().map(|id| of(Tenant::Organization(&id))),
        "USER" => name.parse().ok().map(|id| of(Tenant::User(&id))),
        _ => None,
    };
    scope.filter(|scope| scope.prefix == format!("{tenants}#{id}")).ok_or_else(foreign)
}

fn foreign() -> Error {
    Error::internal("a record of a stream is of no scope")
}

/// Reads an image of a row, if there is one.
fn row(image: &Value) -> Result<Option<Row>> {
    if image.is_null() {
        return Ok(None);
    }
    let row = item(image).ok_or_else(|| Error::internal("a record of a stream has an invalid attribute"));
    Ok(Some(row?.into()))
}

fn item(attributes: &Value) -> Option<Item> {
    let attributes = attributes.as_object()?.iter();
    attributes.map(|(name, value)| Some((name.clone(), attribute(value)?))).collect()
}

/// Reads an attribute in DynamoDB's JSON.
fn attribute(value: &Value) -> Option<AttributeValue> {
    let (kind, value) = value.as_object()?.iter().next()?;
    let blob = |value: &Value| STANDARD.decode(value.as_str()?).ok().map(Blob::new);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(match kind.as_str() {
        "S" => AttributeValue::S(text(value)?),
        "N" => AttributeValue::N(text(value)?),
        "B" => AttributeValue::B(blob(value)?),
        "BOOL" => AttributeValue::Bool(value.as_bool()?),
        "NULL" => AttributeValue::Null(true),
        "M" => AttributeValue::M(item(value)?),
        "L" => AttributeValue::L(all(value, attribute)?),
        "SS" => AttributeValue::Ss(all(value, text)?),
        "NS" => AttributeValue::Ns(all(value, text)?),
        "BS" => AttributeValue::Bs(all(value, blob)?),
        _ => return None,
    })
}

fn all<T>(values: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    values.as_array()?.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::Caller;
    use crate::storage::{Key, ObjectKey};

    const LINE: Kind<2> = Kind::new("LINE");
    const NOTE: Kind<1> = Kind::new("NOTE");

    fn record(event: &str, key: &Key, images: Value) -> Value {
        let mut change = images;
        change["Keys"] = json!({"pk": {"S": key.partition}, "sk": {"S": key.sort}});
        json!({"eventName": event, "dynamodb": change})
    }

    fn image() -> Value {
        json!({"rowKind": {"S": "LINE"}, "count": {"N": "7"}, "tags": {"L": [{"BOOL": true}, {"NULL": true}]}})
    }

    #[test]
    fn scope_of_a_row_is_its_callers() {
        for id in ["acme", "a#b%c", "\u{e9} f/\u{1f680}", "a~b"] {
            let scope =
                Caller::new("alice".parse().unwrap(), vec![id.parse().unwrap()]).authorize_org(id).unwrap();
            let key = Key::new(&scope, LINE, [&"INV-7", &1]);
            let change = RowChange::parse(&record("REMOVE", &key, json!({ "OldImage": image() }))).unwrap();
            assert_eq!(Key::new(change.scope(), LINE, [&"INV-7", &1]), key, "{id}");
            assert_eq!(ObjectKey::new(change.scope(), "x"), ObjectKey::new(&scope, "x"), "{id}");
        }
    }

    #[test]
    fn change_names_kind_and_parts() {
        let scope = Caller::new("alice".parse().unwrap(), Vec::new()).own_scope();
        let key = Key::new(&scope, LINE, [&"INV-7", &1]);
        let parse = |event, images| RowChange::parse(&record(event, &key, images)).unwrap();
        let removed = parse("REMOVE", json!({ "OldImage": image() }));
        assert_eq!((removed.removed(LINE), removed.created(LINE)), (Some(["INV-7", "1"]), None));
        assert_eq!(removed.removed(NOTE), None);
        assert_eq!(removed.before().unwrap().unwrap().number::<u8>("count").unwrap(), 7);
        let created = parse("INSERT", json!({ "NewImage": image() }));
        assert_eq!((created.removed(LINE), created.created(LINE)), (None, Some(["INV-7", "1"])));
        let changed = parse("MODIFY", json!({}));
        assert_eq!((changed.removed(LINE), changed.created(LINE)), (None, None));
    }

    #[test]
    fn parts_lead_to_the_same_key() {
        let scope = Caller::new("alice".parse().unwrap(), Vec::new()).own_scope();
        for part in ["", "1", "a#b", "\u{e9}", "50%", "~", "#"] {
            let key = Key::new(&scope, LINE, [&part, &part]);
            let change = RowChange::parse(&record("REMOVE", &key, json!({}))).unwrap();
            let parts = change.removed(LINE).unwrap();
            assert_eq!(parts, [part, part]);
            assert_eq!(Key::new(change.scope(), LINE, [&parts[0], &parts[1]]), key);
        }
    }

    #[test]
    fn image_is_parsed_when_it_is_used() {
        let scope = Caller::new("alice".parse().unwrap(), Vec::new()).own_scope();
        let images = json!({ "OldImage": {"a": {"X": 1}} });
        let change = RowChange::parse(&record("REMOVE", &Key::new(&scope, NOTE, [&7]), images)).unwrap();
        assert_eq!(change.removed(NOTE), Some(["7"]));
        assert!(change.before().is_err());
        assert_eq!(change.after().unwrap(), None);
    }

    #[test]
    fn foreign_record_is_a_defect() {
        let keys = |pk: &str| json!({"pk": {"S": pk}, "sk": {"S": "1"}});
        let of = |pk: &str| json!({"eventName": "REMOVE", "dynamodb": {"Keys": keys(pk)}});
        assert!(RowChange::parse(&of("ORG#a#NOTE")).is_ok());
        for record in [
            json!({}),
            json!({"eventName": "REMOVE", "dynamodb": {"Keys": {"id": {"S": "1"}}}}),
            json!({"dynamodb": {"Keys": keys("ORG#a#NOTE")}}),
            of("counter"),
            of("TEAM#a#NOTE"),
            of("ORG##NOTE"),
            of("ORG#..#NOTE"),
            // Only one spelling of an id is the service's own.
            of("ORG#%61#NOTE"),
            of("ORG#%ff#NOTE"),
        ] {
            assert!(RowChange::parse(&record).is_err(), "{record}");
        }
    }
}
