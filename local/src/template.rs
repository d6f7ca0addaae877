//! Parser of `template.yaml`: functions with their routes and streams, tables, buckets and CORS.
//!
//! Other resources and properties are ignored, and so is a resource whose condition doesn't hold. A required property that
//! can't be parsed is an error that names the resource.

mod cors;
mod expression;
mod function;
mod names;
mod parameters;
mod pattern;
mod stream;
mod table;

pub use cors::Cors;
pub use expression::Expression;
pub use function::{Function, RouteKey};
pub use names::{ACCOUNT, Names, REGION};
pub use pattern::Pattern;
pub use stream::Stream;
pub use table::{Attribute, Index, Key, Table};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use parameters::{Parameter, Parameters};
use serde::Deserialize;
use yaml_serde::{Mapping, Value};

/// Resources of the template, in its order.
#[derive(Debug, Clone, Default)]
pub struct Template {
    /// Folder of the template, in which the functions are built.
    pub folder: PathBuf,
    /// Every `AWS::Serverless::Function`.
    pub functions: Vec<Function>,
    /// Every `AWS::DynamoDB::Table` and `AWS::DynamoDB::GlobalTable`.
    pub tables: Vec<Table>,
    /// Every `AWS::S3::Bucket`.
    pub buckets: Vec<Bucket>,
    /// CORS settings of the `AWS::Serverless::HttpApi`.
    pub cors: Option<Cors>,
}

/// Declared bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// Logical id in the template.
    pub id: String,
    /// `BucketName`, if declared.
    pub name: Option<Expression>,
    /// CORS rules.
    pub cors: Vec<Cors>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    #[serde(default)]
    parameters: BTreeMap<String, Parameter>,
    #[serde(default)]
    conditions: BTreeMap<String, Value>,
    #[serde(default)]
    globals: function::Globals,
    resources: Mapping,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    r#type: String,
    #[serde(default)]
    properties: Value,
    #[serde(default)]
    metadata: function::Metadata,
    condition: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BucketProperties {
    bucket_name: Option<Value>,
}

impl Template {
    /// Reads the template at `path`.
    ///
    /// # Errors
    /// When the file can't be read, is not YAML, or has an invalid resource.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
        let mut template = Self::parse(&text).with_context(|| format!("in {}", path.display()))?;
        let path = std::path::absolute(path).with_context(|| format!("can't resolve {}", path.display()))?;
        template.folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(template)
    }

    /// Parses a template's text.
    ///
    /// # Errors
    /// When it is not YAML, or has an invalid resource.
    pub fn parse(text: &str) -> Result<Self> {
        let document: Document = yaml_serde::from_str(text).context("this is not a template")?;
        let Document { parameters, conditions, globals, resources } = document;
        let (mut template, parameters) = (Self::default(), Parameters { declared: parameters, conditions });
        for (id, resource) in &resources {
            let id = id.as_str().context("the name of a resource is not a string")?;
            template.add(id, resource, &globals, &parameters).with_context(|| format!("resource {id}"))?;
        }
        template.check_routes()?;
        template.check_streams()?;
        Ok(template)
    }

    /// Finds the nearest `template.yaml` in `folder` or above it.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn find(folder: &Path) -> Result<PathBuf> {
        let found = folder.ancestors().map(|folder| folder.join("template.yaml")).find(|path| path.is_file());
        found.with_context(|| {
            format!("no template.yaml in {} or above it; name one with --template", folder.display())
        })
    }

    /// Returns the function with this binary or logical id.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.binary == name || function.id == name)
    }

    /// Returns the functions behind the gateway. The others are fed by streams.
    pub fn routed(&self) -> impl Iterator<Item = &Function> {
        self.functions.iter().filter(|function| !function.routes.is_empty())
    }

    fn add(
        &mut self,
        id: &str,
        resource: &Value,
        globals: &function::Globals,
        parameters: &Parameters,
    ) -> Result<()> {
        let resource: Resource = yaml_serde::from_value(resource.clone())?;
        if resource.condition.is_some_and(|condition| parameters.condition(&condition) == Some(false)) {
            return Ok(());
        }
        match resource.r#type.as_str() {
            "AWS::Serverless::Function" => {
                let function =
                    Function::read(id, &resource.metadata, resource.properties, globals, parameters)?;
                self.functions.push(function);
            }
            "AWS::Serverless::HttpApi" => self.cors = Cors::read(resource.properties)?.or(self.cors.take()),
            "AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable" => {
                self.tables.push(Table::read(id, resource.properties, parameters)?);
            }
            "AWS::S3::Bucket" => self.buckets.push(Bucket::read(id, resource.properties, parameters)?),
            _ => {}
        }
        Ok(())
    }

    /// Checks that no two functions share a route.
    fn check_routes(&self) -> Result<()> {
        let mut seen: Vec<(&str, &RouteKey)> = Vec::new();
        for function in &self.functions {
            for route in &function.routes {
                if let Some((other, _)) = seen.iter().find(|(_, known)| *known == route) {
                    bail!("functions {other} and {} share the route {route}", function.id);
                }
                seen.push((&function.id, route));
            }
        }
        Ok(())
    }

    /// Checks that every stream which feeds a function is that of a table.
    fn check_streams(&self) -> Result<()> {
        let has_stream = |id: &str| self.tables.iter().any(|table| table.id == id && table.stream.is_some());
        for function in &self.functions {
            let missing = function.streams.iter().find(|stream| !has_stream(&stream.table));
            if let Some(Stream { table, .. }) = missing {
                bail!("resource {}: {table} is not a table with a StreamSpecification", function.id);
            }
        }
        Ok(())
    }
}

impl Bucket {
    fn read(id: &str, properties: Value, parameters: &Parameters) -> Result<Self> {
        let cors = Cors::read_rules(properties.clone())?;
        let properties: Option<BucketProperties> = yaml_serde::from_value(properties)?;
        let name = properties.and_then(|properties| properties.bucket_name);
        Ok(Self { id: id.to_owned(), name: name.map(|name| Expression::read(&name, parameters)), cors })
    }
}
