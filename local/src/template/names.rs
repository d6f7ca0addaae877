//! Physical names of the template's resources.

use std::collections::BTreeMap;

use super::Template;
use crate::environment::Variables;

/// Region that the functions get.
pub const REGION: &str = "us-east-1";
/// Account id in ARNs and events.
pub const ACCOUNT: &str = "123456789012";

/// Physical names by logical id.
#[derive(Debug, Clone, Default)]
pub struct Names {
    tables: BTreeMap<String, String>,
    buckets: BTreeMap<String, String>,
}

impl Names {
    /// Names all tables and buckets of `template`. In order of precedence: the value in `overrides` of a variable that
    /// refers to the resource, the name in the template, the logical id in kebab case. The latter two get `suffix`, so that
    /// several stacks can share an emulator.
    #[must_use]
    pub fn new(template: &Template, overrides: &Variables, suffix: Option<&str>) -> Self {
        let name = |id: &str, declared: Option<String>| {
            let suffix = suffix.map(|suffix| format!("-{suffix}")).unwrap_or_default();
            overridden(template, overrides, id)
                .unwrap_or_else(|| format!("{}{suffix}", declared.unwrap_or_else(|| kebab(id))))
        };
        let literal = |name: Option<&super::Expression>| name.and_then(super::Expression::literal);
        let tables = template.tables.iter().map(|table| (&table.id, literal(table.name.as_ref())));
        let buckets = template.buckets.iter().map(|bucket| (&bucket.id, literal(bucket.name.as_ref())));
        Self {
            tables: tables.map(|(id, declared)| (id.clone(), name(id, declared))).collect(),
            buckets: buckets.map(|(id, declared)| (id.clone(), name(id, declared))).collect(),
        }
    }

    /// Returns the name of the table with this logical id.
    #[must_use]
    pub fn table(&self, id: &str) -> Option<&str> {
        self.tables.get(id).map(String::as_str)
    }

    /// Returns the name of the bucket with this logical id.
    #[must_use]
    pub fn bucket(&self, id: &str) -> Option<&str> {
        self.buckets.get(id).map(String::as_str)
    }

    /// Resolves `!Ref id`: a name, or the value of a pseudo parameter.
    pub(super) fn name(&self, id: &str) -> Option<String> {
        let pseudo = match id {
            "AWS::Region" => Some(REGION),
            "AWS::AccountId" => Some(ACCOUNT),
            "AWS::Partition" => Some("aws"),
            "AWS::URLSuffix" => Some("amazonaws.com"),
            "AWS::StackName" => Some("local"),
            _ => None,
        };
        pseudo.or_else(|| self.table(id)).or_else(|| self.bucket(id)).map(str::to_owned)
    }

    /// Resolves `!GetAtt id.attribute`. Only the attribute `Arn` is supported.
    pub(super) fn attribute(&self, id: &str, attribute: &str) -> Option<String> {
        let table = self.table(id).map(|name| format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"));
        let bucket = || self.bucket(id).map(|name| format!("arn:aws:s3:::{name}"));
        (attribute == "Arn").then(|| table.or_else(bucket)).flatten()
    }
}

/// Returns the developer's value of a variable that refers to this resource.
fn overridden(template: &Template, overrides: &Variables, id: &str) -> Option<String> {
    let mut settings = template.functions.iter().flat_map(|function| &function.environment);
    settings.find_map(|(variable, value)| {
        (value.reference() == Some(id)).then(|| overrides.get(variable).cloned()).flatten()
    })
}

/// Converts `ProjectsTable` to `projects-table`, which is valid for both tables and buckets.
fn kebab(id: &str) -> String {
    let mut name = String::with_capacity(id.len() + 4);
    for (position, letter) in id.char_indices() {
        if letter.is_ascii_uppercase() && position > 0 {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
