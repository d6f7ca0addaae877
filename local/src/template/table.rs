//! Tables of the template: keys, indexes, time to live, stream.

use anyhow::{Result, bail};
use serde::Deserialize;
use yaml_serde::Value;

use super::Expression;
use super::parameters::Parameters;

/// Declared table.
#[derive(Debug, Clone)]
pub struct Table {
    /// Logical id in the template.
    pub id: String,
    /// `TableName`, if declared.
    pub name: Option<Expression>,
    /// Attributes of the keys.
    pub attributes: Vec<Attribute>,
    /// Primary key.
    pub key: Vec<Key>,
    /// Global secondary indexes.
    pub global_indexes: Vec<Index>,
    /// Local secondary indexes.
    pub local_indexes: Vec<Index>,
    /// Attribute with the time to live.
    pub expires: Option<String>,
    /// Images in the records of its stream, such as `NEW_AND_OLD_IMAGES`; `None` without a stream.
    pub stream: Option<String>,
}

/// Attribute and its type.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attribute {
    /// Name.
    pub attribute_name: String,
    /// `S`, `N` or `B`.
    pub attribute_type: String,
}

/// Part of a key.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase")]
pub struct Key {
    /// Name of the attribute.
    pub attribute_name: String,
    /// `HASH` or `RANGE`.
    pub key_type: String,
}

/// Secondary index.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Index {
    /// Name.
    pub index_name: String,
    /// Key.
    pub key_schema: Vec<Key>,
    /// Attributes besides the keys.
    pub projection: Projection,
}

/// Attributes of an index.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Projection {
    /// `ALL`, `KEYS_ONLY` or `INCLUDE`.
    pub projection_type: Option<String>,
    /// Attributes of `INCLUDE`.
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
    stream_specification: Option<StreamSpecification>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TimeToLive {
    attribute_name: Option<String>,
    enabled: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StreamSpecification {
    stream_view_type: String,
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
            stream: properties.stream_specification.map(|stream| stream.stream_view_type),
        };
        table.check()?;
        Ok(table)
    }

    /// Checks that all key attributes are declared. An emulator would refuse it too, but without the resource's name.
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
