//! `events/env.json`, which `sam local` takes with `--env-vars`. What must stay out: what `sam` makes of it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use local::template::{Function, Names, Template};

/// The entry for all functions, as `sam` wants it called.
const ALL: &str = "Parameters";
/// How containers call the machine that they run on.
const HOST: &str = "http://host.docker.internal:";

/// The variables by function, and for all of them.
pub(crate) struct Overrides(BTreeMap<String, BTreeMap<String, String>>);

impl Overrides {
    pub(crate) fn read() -> Result<Self> {
        let text = std::fs::read_to_string(super::folder().join("env.json"))?;
        Ok(Self(serde_json::from_str(&text)?))
    }

    /// The names of a function's variables.
    pub(crate) fn of(&self, function: &Function) -> BTreeSet<String> {
        let entries = [ALL, &function.id].into_iter().filter_map(|entry| self.0.get(entry));
        entries.flat_map(|variables| variables.keys().cloned()).collect()
    }

    /// Entries that are for no function.
    pub(crate) fn unknown(&self, template: &Template) -> Vec<String> {
        let known = |entry: &str| entry == ALL || template.functions.iter().any(|own| own.id == entry);
        self.0.keys().filter(|entry| !known(entry)).cloned().collect()
    }

    /// Whether tables and bucket are called as the local stack calls them.
    pub(crate) fn check_names(&self, template: &Template) -> Result<()> {
        let names = Names::new(template, &BTreeMap::new(), None);
        for (variable, value) in self.0.values().flatten() {
            let mut uses =
                template.functions.iter().filter_map(|function| function.environment.get(variable));
            if let Some(resource) = uses.find_map(|value| value.reference()) {
                let name = names.table(resource).or_else(|| names.bucket(resource));
                ensure!(name == Some(value), "{variable} is {value}, and the local stack has {name:?}");
            }
        }
        Ok(())
    }

    /// Whether the engines are where the README has the local stack put them: S3 one port after DynamoDB.
    pub(crate) fn check_ports(&self) -> Result<()> {
        let dynamodb = self.port("AWS_ENDPOINT_URL_DYNAMODB")?;
        ensure!(self.port("AWS_ENDPOINT_URL_S3")? == dynamodb + 1, "S3 is not one port after DynamoDB");
        let readme = std::fs::read_to_string(super::folder().join("README.md"))?;
        let command = format!("--engines 127.0.0.1:{dynamodb} --seed events/seed.json");
        ensure!(readme.contains(&command), "events/README.md does not say {command}");
        Ok(())
    }

    fn port(&self, variable: &str) -> Result<u16> {
        let url = self.0.values().find_map(|variables| variables.get(variable));
        let port = url.and_then(|url| url.strip_prefix(HOST));
        port.context("no URL of the host")?.parse().context("no port")
    }
}

/// The names of the variables that the template alone gives no value: `sam local` makes them up, or leaves them empty.
pub(crate) fn open(function: &Function) -> BTreeSet<String> {
    let open = function.environment.iter().filter(|(_, value)| value.literal().is_none());
    open.map(|(name, _)| name.clone()).collect()
}
