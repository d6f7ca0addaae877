//! Tables of the template: keys, indexes, time to live. What must stay out: creating them.

use anyhow::{Result, bail};
use serde::Deserialize;
use yaml_serde::Value;

use super::Expression;
use super::expression::Parameters;

/// A declared table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its logical id in the template.
    pub id: String,
    /// Its `TableName`, when the template gives one.
    pub name: Option<Expression>,
    /// The attributes that keys are made of.
    pub attributes: Vec<Attribute>,
    /// The primary key.
    pub key: Vec<Key>,
    /// Global secondary indexes.
    pub global_indexes: Vec<Index>,
    /// Local secondary indexes.
    pub local_indexes: Vec<Index>,
    /// The attribute that says when an item expires.
    pub expires: Option<String>,
}

/// An attribute and its type: `S`, `N` or `B`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attribute {
    /// Its name.
    pub attribute_name: String,
    /// Its type.
    pub attribute_type: String,
}

/// A part of a key: `HASH` or `RANGE`.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase")]
pub struct Key {
    /// The attribute's name.
    pub attribute_name: String,
    /// Its role.
    pub key_type: String,
}

/// A secondary index.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Index {
    /// Its name.
    pub index_name: String,
    /// Its key.
    pub key_schema: Vec<Key>,
    /// What it holds besides the keys.
    pub projection: Projection,
}

/// What an index holds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Projection {
    /// `ALL`, `KEYS_ONLY` or `INCLUDE`.
    pub projection_type: Option<String>,
    /// The attributes that `INCLUDE` names.
    pub non_key_attributes: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    table_name: Option<Value>,
    attribute_definitions: Vec<Attribute>,
    key_schema: Vec<Key>,
    #[serde(default)]
    global_secondary_indexes: Vec<Index>,
    #[serde(default)]
    local_secondary_indexes: Vec<Index>,
    time_to_live_specification: Option<TimeToLive>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TimeToLive {
    attribute_name: Option<String>,
    enabled: bool,
}

impl Table {
    pub(super) fn read(id: &str, properties: Value, parameters: &Parameters) -> Result<Self> {
        let properties: Properties = yaml_serde::from_value(properties)?;
        let expires = properties.time_to_live_specification.filter(|ttl| ttl.enabled);
        let table = Self {
            id: id.to_owned(),
            name: properties.table_name.map(|name| Expression::read(&name, parameters)),
            attributes: properties.attribute_definitions,
            key: properties.key_schema,
            global_indexes: properties.global_secondary_indexes,
            local_indexes: properties.local_secondary_indexes,
            expires: expires.and_then(|ttl| ttl.attribute_name),
        };
        table.check()?;
        Ok(table)
    }

    /// The emulator would refuse an undeclared key attribute too, but without saying where it stands.
    fn check(&self) -> Result<()> {
        let indexes = self.global_indexes.iter().chain(&self.local_indexes);
        let keys = self.key.iter().chain(indexes.flat_map(|index| &index.key_schema));
        for key in keys {
            let name = &key.attribute_name;
            if !self.attributes.iter().any(|attribute| &attribute.attribute_name == name) {
                bail!("the key attribute {name} is missing from AttributeDefinitions");
            }
        }
        Ok(())
    }
}
